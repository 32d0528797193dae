import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import UploadClient

@Suite struct ResumptionTests {
    static let resuming: [UploadOptions.Dialect] = [.tus, .ietf, .fileID]

    @Test(arguments: resuming, [false, true])
    func `a connection cut in the middle costs nothing but the time`(
        dialect: UploadOptions.Dialect, tls: Bool
    ) async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(
            to: tls ? place.server.tlsPort : place.server.port, [.cut(after: 6_000_000), .cut(after: 1_000_000)])
        defer { proxy.close() }
        var options = place.options
        options.dialect = dialect
        let file = try place.file("a.bin", bytes: 9_000_000)
        let location = try await place.put(file.path, place.url(tls: tls, port: proxy.port), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
        #expect(proxy.connections == 3)
        // Beginning anew would have taken 15 MB and more.
        #expect(proxy.carried < 14_000_000)
    }

    @Test func `a plain upload that was cut begins anew`() async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(to: place.server.port, [.cut(after: 1_000_000)])
        defer { proxy.close() }
        var options = place.options
        options.dialect = .plain
        let file = try place.file("a.bin", bytes: 3_000_000)
        let location = try await place.put(file.path, place.url(tls: false, port: proxy.port), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
    }

    @Test(arguments: resuming, [SIGTERM, SIGKILL])
    func `a server that restarts in the middle goes unnoticed`(
        dialect: UploadOptions.Dialect, signal: Int32
    ) async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(to: place.server.port, [.hold(after: 3_000_000)])
        defer { proxy.close() }
        var options = place.options
        options.dialect = dialect
        let file = try place.file("a.bin", bytes: 8_000_000)
        async let sent = place.put(file.path, place.url(tls: false, port: proxy.port), options)
        while !proxy.isHolding { try await Task.sleep(for: .milliseconds(2)) }
        // Stored, not only on the way: what waits in the server's socket is lost with it.
        while place.server.openBytes < 1_000_000 { try await Task.sleep(for: .milliseconds(2)) }
        place.server.end(signal)
        let second = try place.restarted()
        proxy.release(to: second.port)
        let location = try await sent.get()
        #expect(second.stored(location)?.bytes == file.bytes)
        // Beginning anew would have taken 11 MB.
        if signal == SIGTERM { #expect(proxy.carried < 10_900_000) }
    }

    @Test(arguments: resuming)
    func `a later run goes on where the first one was cut`(dialect: UploadOptions.Dialect) async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(to: place.server.port, [.cut(after: 6_000_000)])
        defer { proxy.close() }
        var options = place.options
        options.dialect = dialect
        options.retries = 0
        let file = try place.file("a.bin", bytes: 9_000_000)
        let url = place.url(tls: false, port: proxy.port)
        guard case .failure(let failure) = try await place.put(file.path, url, options) else {
            Issue.record("the cut went unnoticed")
            return
        }
        #expect(failure.kind == .network)
        #expect(place.records.count == (dialect == .fileID ? 0 : 1))
        // What waits in the server's socket, because its threads have no turn, has not arrived.
        #expect(await eventually { place.server.openBytes > 5_900_000 })
        let location = try await place.put(file.path, url, options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
        #expect(proxy.carried < 14_000_000)
        #expect(place.records == [])
    }

    @Test(arguments: resuming)
    func `without resuming, a later run begins anew`(dialect: UploadOptions.Dialect) async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(to: place.server.port, [.cut(after: 2_000_000)])
        defer { proxy.close() }
        var options = place.options
        options.dialect = dialect
        options.stateDirectory = nil
        options.retries = 0
        let file = try place.file("a.bin", bytes: 3_000_000)
        let url = place.url(tls: false, port: proxy.port)
        _ = try await place.put(file.path, url, options)
        let location = try await place.put(file.path, url, options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
        #expect(proxy.carried > 4_900_000)
        #expect(place.records == [])
    }

    @Test func `a part that is cut is gone on with, the others are left alone`() async throws {
        let place = try Workplace()
        let proxy = CuttingProxy(to: place.server.port, [.pass, .cut(after: 1_500_000), .pass])
        defer { proxy.close() }
        var options = place.options
        options.parallel = 3
        let file = try place.file("a.bin", bytes: 9_000_000)
        let location = try await place.put(file.path, place.url(tls: false, port: proxy.port), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
        #expect(proxy.carried < 10_400_000)
    }

    @Test func `an upload that the server has lost is begun anew`() async throws {
        let place = try Workplace()
        var options = place.options
        let file = try place.file("a.bin", bytes: 3_000_000)
        // The record of an upload that the server knows nothing of.
        let local = try LocalFile(path: file.path)
        let collection = try #require(HTTPURL(place.url(tls: false))).collection
        ResumeRecord(directory: StateDirectory(path: place.cache), file: local, collection: collection, dialect: .tus)
            .set(collection.description + "/00000000000000000000000000000001", of: 0..<3_000_000)
        options.retries = 1
        let location = try await place.put(file.path, place.url(tls: false), options).get()
        #expect(place.server.stored(location)?.bytes == file.bytes)
    }
}
