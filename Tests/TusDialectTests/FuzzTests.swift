import Foundation
import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// Whatever a field holds: it is refused with a 4xx, or it means exactly one thing.
@Suite struct FuzzTests {
    /// Likely characters first, so that much of what comes out is nearly right.
    static let alphabet = Array("AaQ=,; /+09zfinalpartial:%\"\u{e9}\u{301}")

    static func text(_ random: inout SeededGenerator, upTo count: Int) -> String {
        String((0..<Int.random(in: 0...count, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
    }

    /// A right value with a few characters removed, doubled or replaced.
    static func damaged(_ right: String, _ random: inout SeededGenerator) -> String {
        var characters = Array(right)
        for _ in 0..<Int.random(in: 0...3, using: &random) where !characters.isEmpty {
            let index = Int.random(in: 0..<characters.count, using: &random)
            switch UInt8.random(in: 0...2, using: &random) {
            case 0: characters.remove(at: index)
            case 1: characters.insert(characters[index], at: index)
            default: characters[index] = alphabet.randomElement(using: &random)!
            }
        }
        return String(characters)
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `metadata is refused, or says what it said when written again`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<2000 {
            let pairs = (0..<Int.random(in: 1...4, using: &random)).map { number -> String in
                let bytes = random.bytes(Int.random(in: 0...9, using: &random))
                return "key\(number) \(Data(bytes).base64EncodedString())"
            }
            let field = Self.damaged(pairs.joined(separator: ","), &random)
            let metadata: UploadMetadata
            do throws(Refusal) {
                metadata = try UploadMetadata(try head(field: "Upload-Metadata", field))
            } catch {
                #expect(error.status == .badRequest)
                continue
            }
            accepted += 1
            guard let text = metadata.text else { continue }
            for element in text.split(separator: ",") {
                let words = element.split(separator: " ")
                let value = try #require(metadata[String(words[0])], "\(field)")
                #expect(Data(value).base64EncodedString() == (words.count == 2 ? words[1] : ""), "\(field)")
            }
        }
        #expect(accepted > 200)
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `a list of parts is refused, or names what it lists`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<2000 {
            let urls = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let host = ["", "http://a", "//b:1", "https://[::1]"].randomElement(using: &random)!
                return "\(host)/files/\(UploadID(high: random.next(), low: random.next()))"
            }
            let field = Self.damaged("final;" + urls.joined(separator: " "), &random)
            do throws(Refusal) {
                let request = try TusCreationRequest(try head(field: "Upload-Concat", field), offer: Tus.offer)
                let concatenation = try required(request.concatenation)
                let ids = concatenation.text.dropFirst(6).split(separator: " ").map { $0.suffix(32) }
                #expect(concatenation.parts?.map(\.description) == ids.map(String.init), "\(field)")
                #expect(Concatenation(stored: concatenation.stored) == concatenation)
                accepted += 1
            } catch {
                #expect(error.status == .badRequest)
            }
        }
        #expect(accepted > 200)
    }

    @Test(arguments: ["Upload-Length", "Upload-Offset", "Upload-Defer-Length", "Upload-Checksum", "Upload-Concat"])
    func `noise in any field is refused with a 4xx or understood`(name: String) throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let request = try head(field: name, Self.text(&random, upTo: 40))
            for refusal in [
                refusal { try TusCreationRequest(request, offer: Tus.offer) },
                refusal { try PatchRequest(request, offer: Tus.offer) },
            ] {
                if let refusal { #expect((400...431).contains(refusal.status.code)) }
            }
        }
    }

    @Test func `a checksum is refused, or is the one that was sent`() throws {
        var random = SeededGenerator(seed: 8)
        var accepted = 0
        for _ in 0..<2000 {
            let algorithm = ChecksumAlgorithm.allCases.randomElement(using: &random)!
            let digest = random.bytes(algorithm.digestBytes)
            let right = "\(algorithm.rawValue) \(Data(digest).base64EncodedString())"
            let field = Self.damaged(right, &random)
            do throws(Refusal) {
                let plan = try PatchRequest(try head(field: "Upload-Checksum", field), offer: Tus.offer).checksum
                guard case .inHead(let checksum) = plan else { continue }
                let again = "\(checksum.algorithm.rawValue) \(Data(checksum.digest).base64EncodedString())"
                #expect(again == field.trimmingCharacters(in: .whitespaces))
                accepted += 1
            } catch {
                #expect(error.status == .badRequest)
            }
        }
        #expect(accepted > 200)
    }

    /// The whole of a request that is right but for one field. The parser takes every value made here.
    private func head(field: String, _ value: String) throws(Refusal) -> RequestHead {
        let others = [Tus.version, Tus.type, "Content-Length: 0"]
        let offset = field == "Upload-Offset" ? [] : ["Upload-Offset: 0"]
        guard let head = try? parsedHead("POST /files", others + offset + ["\(field): \(value)"]) else {
            throw Refusal(.internalServerError, code: "test", "the parser refused \(value)")
        }
        return head
    }

    private func required<T>(_ value: T?) throws(Refusal) -> T {
        guard let value else { throw Refusal(.internalServerError, code: "test", "nothing was read") }
        return value
    }
}
