import Foundation
import HTTPClient
import TLS
import Testing

@testable import UploadClient

@Suite struct TroubleTests {
    @Test func `a certificate of another authority is not believed, and the error says what to do`() async throws {
        let place = try Workplace()
        let other = try Workplace()
        let file = try place.file("a.bin", bytes: 100)
        var options = place.options
        options.trust = other.options.trust
        let result = try await place.put(file.path, place.url(tls: true), options)
        guard case .failure(let failure) = result else {
            Issue.record("it was believed")
            return
        }
        #expect(failure.kind == .network)
        #expect(failure.description.contains("certificate"))
        #expect(failure.description.contains("--cacert"))
        options.trust = .none
        _ = try await place.put(file.path, place.url(tls: true), options).get()
    }

    @Test func `authorities that cannot be read are an error at once`() throws {
        var options = UploadOptions()
        options.trust = .certificateAuthorities(file: "/nowhere.pem")
        let failure = #expect(throws: UploadFailure.self) {
            try UploadRun(url: HTTPURL("https://localhost/")!, options: options)
        }
        #expect(failure?.kind == .local)
    }

    @Test func `a file that is not there, or is none, is told of`() async throws {
        let place = try Workplace()
        for path in ["/nowhere/a.bin", "/tmp", "/dev/null"] {
            let result = try await place.put(path, place.url(tls: false), place.options)
            guard case .failure(let failure) = result else {
                Issue.record("\(path) was sent")
                continue
            }
            #expect(failure.kind == .local)
        }
    }

    @Test(arguments: [
        [], ["a.bin"], ["a.bin", "ftp://x/"], ["--parallel", "0", "a.bin", "http://x/"],
        ["--parallel", "2", "--dialect", "ietf", "a.bin", "http://x/"],
        ["--checksum", "sha1", "--dialect", "plain", "a.bin", "http://x/"],
        ["--checksum", "sha3", "a.bin", "http://x/"], ["--chunk-size", "0", "a.bin", "http://x/"],
        ["--chunk-size", "1M", "--dialect", "file-id", "a.bin", "http://x/"],
        ["--insecure", "--cacert", "c", "a.bin", "http://x/"], ["--header", "a", "a.bin", "http://x/"],
        ["--retries", "-1", "a.bin", "http://x/"], ["nowhere.bin", "http://x/"], ["/dev/null", "http://x/"],
        ["-", "-", "http://x/"], ["--dialect", "plain", "-", "http://x/"], ["--jobs", "0", "a.bin", "http://x/"],
        ["--name", "n", "a.bin", "b.bin", "http://x/"], ["--name", "", "-", "http://x/"],
        ["--header", "Content-Length: 5", "a.bin", "http://x/"], ["--header", "host: x", "a.bin", "http://x/"],
        ["--cacert", "nowhere.pem", "cert.pem", "https://x/"],
    ])
    func `wrong options end with 2, before anything is sent`(arguments: [String]) async throws {
        let place = try Workplace()
        let result = try await place.command(arguments)
        #expect(result.code == 2)
        #expect(result.output == "")
        #expect(!result.errors.isEmpty)
    }

    @Test func `addresses go to standard output, nothing else does`() async throws {
        let place = try Workplace()
        let (first, second) = (try place.file("a.bin", bytes: 10), try place.file("b.bin", bytes: 2_000_000))
        let result = try await place.command(["a.bin", "b.bin", place.url(tls: false)])
        #expect(result.code == 0)
        let locations = result.output.split(separator: "\n").map(String.init)
        #expect(locations.count == 2)
        #expect(locations.map { place.server.stored($0)?.bytes } == [first.bytes, second.bytes])
        #expect(result.errors.contains("a.bin: stored, 10 B"))
        let quiet = try await place.command(["--quiet", "a.bin", place.url(tls: false)])
        #expect(quiet.code == 0)
        #expect(quiet.errors == "")
    }

    @Test func `a refusal ends with 3 and the server's words, a dead server with 1`() async throws {
        let place = try Workplace(options: ["--max-size", "1K"])
        _ = try place.file("a.bin", bytes: 5_000)
        let refused = try await place.command(["--quiet", "a.bin", place.url(tls: false)])
        #expect(refused.code == 3)
        #expect(refused.errors.hasPrefix("sluice put: a.bin: 413 too-large: "))
        #expect(refused.errors.split(separator: "\n").count == 1)
        place.server.end(SIGKILL)
        let dead = try await place.command(["--quiet", "--retries", "1", "a.bin", place.url(tls: false)])
        #expect(dead.code == 1)
        #expect(dead.errors.contains("Connection refused"))
    }
}
