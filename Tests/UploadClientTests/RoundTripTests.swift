import Foundation
import Testing

@testable import UploadClient

@Suite struct RoundTripTests {
    @Test(arguments: UploadOptions.Dialect.allCases, [false, true])
    func `what is sent is what is stored`(dialect: UploadOptions.Dialect, tls: Bool) async throws {
        let place = try Workplace()
        var options = place.options
        options.dialect = dialect
        for size in [0, 1, 3_000_017] {
            let name = "füller \(size).bin"
            let file = try place.file(name, bytes: size)
            let location = try await place.put(file.path, place.url(tls: tls), options).get()
            #expect(location.hasPrefix(tls ? "https://localhost:" : "http://127.0.0.1:"))
            let stored = try #require(place.server.stored(location))
            #expect(stored.bytes == file.bytes)
            #expect(stored.name == name)
        }
        #expect(place.records == [])
    }

    @Test(arguments: Checksum.allCases)
    func `every checksum is the one that the server computes`(checksum: Checksum) async throws {
        let place = try Workplace()
        var options = place.options
        options.checksum = checksum
        options.chunkBytes = 400_000
        let file = try place.file("a.bin", bytes: 1_000_003)
        let location = try await place.put(file.path, place.url(tls: false), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
    }

    @Test(arguments: [UploadOptions.Dialect.tus, .ietf])
    func `chunks make the same file`(dialect: UploadOptions.Dialect) async throws {
        let place = try Workplace()
        var options = place.options
        options.dialect = dialect
        options.chunkBytes = 333_333
        let file = try place.file("a.bin", bytes: 1_000_000)
        let location = try await place.put(file.path, place.url(tls: true), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
    }

    @Test(arguments: [false, true])
    func `parts that travel side by side make the same file`(tls: Bool) async throws {
        let place = try Workplace()
        var options = place.options
        options.parallel = 4
        let file = try place.file("a.bin", bytes: 9_000_001)
        let location = try await place.put(file.path, place.url(tls: tls), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
        #expect(place.server.stored(location)?.name == "a.bin")
        #expect(place.records == [])
        // The parts are gone.
        let left = try FileManager.default.contentsOfDirectory(atPath: place.server.data + "/complete")
        #expect(left.count == 1)
    }

    @Test func `a file that is sent twice by file-id goes over the wire once`() async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(to: place.server.port, [])
        defer { proxy.close() }
        var options = place.options
        options.dialect = .fileID
        let file = try place.file("a.bin", bytes: 2_000_000)
        let url = place.url(tls: false, port: proxy.port)
        let first = try await place.put(file.path, url, options).get()
        let second = try await place.put(file.path, url, options).get()
        #expect(first == second)
        #expect(proxy.carried < 2_100_000)
    }

    @Test func `a refusal that comes while the body is sent is told, not taken for a broken line`() async throws {
        let place = try Workplace(options: ["--max-size", "100K"])
        let file = try place.file("a.bin", bytes: 20_000_000)
        for dialect in UploadOptions.Dialect.allCases {
            var options = place.options
            options.dialect = dialect
            let result = try await place.put(file.path, place.url(tls: false), options)
            guard case .failure(let failure) = result else {
                Issue.record("\(dialect) stored it")
                continue
            }
            #expect(failure.kind == .refused)
            #expect(failure.description.contains("413 too-large"), "\(failure)")
        }
    }
}
