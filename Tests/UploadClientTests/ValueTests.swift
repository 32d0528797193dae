import Foundation
import TestSupport
import Testing

@testable import UploadClient

@Suite struct UploadURLTests {
    @Test(arguments: [
        ("http://a", "http://a/files"), ("http://a/", "http://a/files"), ("HTTPS://a:8443", "https://a:8443/files"),
        ("https://a:443/files", "https://a/files"), ("https://a/files/", "https://a/files"),
        ("http://[::1]:8080/x/", "http://[::1]:8080/x/files"), ("http://a/x/files", "http://a/x/files"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/files"),
    ])
    func `the root and the collection both name the collection`(text: String, collection: String) throws {
        #expect(try #require(UploadURL(text)).collection.description == collection)
    }

    @Test(arguments: [
        "", "a", "ftp://a/", "http://", "http:///x", "http://a:0/", "http://a:70000/", "http://a:x/", "http://u@a/",
        "http://a b/", "http://a/ü", "http://a/#f", "http://[a]/", "http://a\r\n/", "http://::1/",
    ])
    func `what is no such URL is refused`(text: String) { #expect(UploadURL(text) == nil) }

    @Test(arguments: [
        ("/files/1", "https://a:8443/files/1"), ("https://b/x", "https://b/x"), ("//b/x", "https://b/x"),
        ("1?q", "https://a:8443/1?q"), ("/x#f", "https://a:8443/x"),
    ])
    func `a location is resolved`(reference: String, url: String) throws {
        #expect(try #require(UploadURL("https://a:8443/files")).resolve(reference)?.description == url)
    }

    @Test(arguments: ["", "http://a/x", "/a b", "/a\r\nX: y"])
    func `a location that is unsafe is not followed`(reference: String) throws {
        #expect(try #require(UploadURL("https://a/files")).resolve(reference) == nil)
    }
}

@Suite struct ResumeRecordTests {
    private func record(_ folder: TemporaryDirectory, _ name: String, port: Int = 80) throws -> ResumeRecord {
        let path = folder.path + "/" + name
        if !FileManager.default.fileExists(atPath: path) { try Data("x".utf8).write(to: URL(filePath: path)) }
        return ResumeRecord(
            directory: folder.path + "/state", file: try LocalFile(path: path),
            collection: UploadURL("http://a:\(port)/files")!, dialect: .tus)
    }

    @Test func `what one run keeps the next one finds, until it is removed`() throws {
        let folder = try TemporaryDirectory()
        let first = try record(folder, "a")
        first.set("http://a/files/1", of: 0..<5)
        first.set("http://a/files/2", of: 5..<9)
        let second = try record(folder, "a")
        #expect(second.location(of: 0..<5) == "http://a/files/1")
        #expect(second.location(of: 5..<9) == "http://a/files/2")
        #expect(second.location(of: 0..<9) == nil)
        second.set(nil, of: 0..<5)
        #expect(try record(folder, "a").location(of: 0..<5) == nil)
        second.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/state") == [])
    }

    @Test func `another server, another file, a changed file know nothing`() throws {
        let folder = try TemporaryDirectory()
        try record(folder, "a").set("http://a/files/1", of: 0..<1)
        #expect(try record(folder, "a", port: 81).location(of: 0..<1) == nil)
        #expect(try record(folder, "b").location(of: 0..<1) == nil)
        try Data("xy".utf8).write(to: URL(filePath: folder.path + "/a"))
        #expect(try record(folder, "a").location(of: 0..<1) == nil)
    }

    @Test func `a record full of rubbish is as good as none`() throws {
        let folder = try TemporaryDirectory()
        try record(folder, "a").set("http://a/files/1", of: 0..<1)
        let state = folder.path + "/state"
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: state).first)
        let whole = try #require(FileManager.default.contents(atPath: state + "/" + name))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            var bytes = [UInt8](whole)
            for _ in 0..<3 {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            try Data(bytes.prefix(Int(generator.next() % UInt64(bytes.count + 1)))).write(
                to: URL(filePath: state + "/" + name))
            _ = try record(folder, "a").location(of: 0..<1)
        }
    }
}
