import Foundation
import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// Checksum and its trailer: REQUIREMENTS.md, numbers 37 to 41.
@Suite struct ChecksumTests {
    static func digest(_ algorithm: ChecksumAlgorithm, _ byte: UInt8 = 7) -> [UInt8] {
        Array(repeating: byte, count: algorithm.digestBytes)
    }

    static func field(_ algorithm: ChecksumAlgorithm) -> String {
        "Upload-Checksum: \(algorithm.rawValue) \(Data(digest(algorithm)).base64EncodedString())"
    }

    static func computed(_ plan: ChecksumPlan, _ byte: UInt8 = 7) -> [ChecksumAlgorithm: [UInt8]] {
        Dictionary(uniqueKeysWithValues: plan.algorithms.map { ($0, digest($0, byte)) })
    }

    static let trailing = ["Transfer-Encoding: chunked", "Trailer: Upload-Checksum"]

    @Test func `tus 37: sha1 is offered, all names are lower-case ASCII`() {
        #expect(Tus.offer.extensions.contains("checksum"))
        #expect(Tus.offer.algorithms.first == .sha1)
        for algorithm in ChecksumAlgorithm.allCases {
            #expect(algorithm.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) })
        }
    }

    @Test func `tus 38: discovery lists the algorithms, those the system allows`() {
        #expect(Tus.offer.discovery.sent["tus-checksum-algorithm"] == "sha1,sha256,sha512,md5,crc32,crc32c")
        let strict = TusOffer(sizeMax: 1, algorithms: [.sha1, .sha256])
        #expect(strict.discovery.sent["tus-checksum-algorithm"] == "sha1,sha256")
        #expect(TusOffer(sizeMax: 1, algorithms: [.md5]).discovery.sent["tus-checksum-algorithm"] == nil)
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `tus 39: a checksum that agrees passes, another is 460`(algorithm: ChecksumAlgorithm) throws {
        let plan = try Tus.patch(0, [Self.field(algorithm)]).checksum
        #expect(plan.algorithms == [algorithm])
        #expect(refusal { try plan.verify(trailers: nil, digests: Self.computed(plan), offer: Tus.offer) } == nil)
        let mismatch = refusal { try plan.verify(trailers: nil, digests: Self.computed(plan, 8), offer: Tus.offer) }
        #expect(mismatch?.status == .checksumMismatch)
        #expect(mismatch?.status.reason == "Checksum Mismatch")
    }

    @Test(arguments: ["sha3 AAAA", "SHA1 AAAA", "none AAAA"])
    func `tus 39: an algorithm that is not offered is 400`(value: String) {
        let refusal = refusal { try Tus.patch(0, ["Upload-Checksum: \(value)"]) }
        #expect(refusal?.status == .badRequest)
        #expect(refusal?.code == "checksum-algorithm")
    }

    @Test(arguments: [
        "", "sha1", "sha1 ", "sha1 AAAA", "sha1  AAAA", "sha1 AAAA AAAA", "crc32 AAAAAA", "crc32 AAAA!A==",
    ])
    func `tus 39: a malformed checksum is 400`(value: String) {
        let refusal = refusal { try Tus.patch(0, ["Upload-Checksum: \(value)"]) }
        #expect(refusal?.status == .badRequest)
        #expect(refusal?.code == "bad-checksum")
    }

    @Test func `tus 39: two checksums are not one`() {
        let two = [Self.field(.sha1), Self.field(.md5)]
        #expect(refusal { try Tus.patch(0, two) }?.status == .badRequest)
    }

    @Test func `tus 40: what a checksum covers is provisional`() throws {
        #expect(try Tus.patch(0, [Self.field(.sha1)]).checksum.isProvisional)
        #expect(try Tus.patch(0, Self.trailing).checksum.isProvisional)
        #expect(try !Tus.patch(0, []).checksum.isProvisional)
    }

    @Test func `tus 40: a mismatch tells the offset from before, and a new upload's address`() throws {
        let request = try Tus.creation(["Upload-Length: 10", Tus.type, "Content-Length: 10", Self.field(.crc32)])
        let refusal = try #require(
            refusal { try request.checksum.verify(trailers: nil, digests: [:], offer: Tus.offer) })
        let sent = refusal.telling(Tus.upload(offset: 0), location: "/files/x").sent
        #expect(sent["upload-offset"] == "0")
        #expect(sent["location"] == "/files/x")
    }

    @Test func `tus 41: a checksum may come after a chunked body, if that is announced`() throws {
        #expect(Tus.offer.extensions.contains("checksum-trailer"))
        let plan = try Tus.patch(0, Self.trailing).checksum
        #expect(plan.algorithms == ChecksumAlgorithm.allCases)
        let trailers = try parsedTrailers([Self.field(.crc32c)])
        #expect(refusal { try plan.verify(trailers: trailers, digests: Self.computed(plan), offer: Tus.offer) } == nil)
        let mismatch = refusal {
            try plan.verify(trailers: trailers, digests: Self.computed(plan, 8), offer: Tus.offer)
        }
        #expect(mismatch?.status == .checksumMismatch)
    }

    @Test func `tus 41: an announced checksum has to come, and has to be one`() throws {
        let plan = try Tus.patch(0, Self.trailing).checksum
        for trailers in [nil, try parsedTrailers(["Other: 1"]), try parsedTrailers(["Upload-Checksum: sha512 AAAA"])] {
            let refusal = refusal {
                try plan.verify(trailers: trailers, digests: Self.computed(plan), offer: Tus.offer)
            }
            #expect(refusal?.status == .badRequest)
        }
    }

    @Test func `tus 41: an unannounced checksum is refused, not ignored`() throws {
        let trailers = try parsedTrailers([Self.field(.sha1)])
        for fields in [["Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", Self.field(.sha1)]] {
            let plan = try Tus.patch(0, fields).checksum
            let refusal = refusal {
                try plan.verify(trailers: trailers, digests: Self.computed(plan), offer: Tus.offer)
            }
            #expect(refusal?.code == "checksum-unannounced")
        }
    }

    @Test func `tus 41: nothing can follow a body of a declared length`() throws {
        #expect(try Tus.patch(0, ["Content-Length: 1", "Trailer: Upload-Checksum"]).checksum == .none)
    }

    @Test func `nothing promised, nothing computed`() throws {
        let plan = try Tus.patch(0).checksum
        #expect(plan.algorithms.isEmpty)
        #expect(refusal { try plan.verify(trailers: nil, digests: [:], offer: Tus.offer) } == nil)
        #expect(
            refusal { try plan.verify(trailers: parsedTrailers(["Other: 1"]), digests: [:], offer: Tus.offer) } == nil)
    }
}
