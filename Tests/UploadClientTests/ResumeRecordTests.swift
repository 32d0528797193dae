import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import UploadClient

@Suite struct ResumeRecordTests {
    private func record(_ folder: TemporaryDirectory, _ name: String, port: Int = 80) throws -> ResumeRecord {
        let path = folder.path + "/" + name
        if !FileManager.default.fileExists(atPath: path) { try Data("x".utf8).write(to: URL(filePath: path)) }
        return ResumeRecord(
            directory: StateDirectory(path: folder.path + "/state"), file: try LocalFile(path: path),
            collection: HTTPURL("http://a:\(port)/files")!, dialect: .tus)
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

    private func record(_ folder: TemporaryDirectory, at url: String) throws -> ResumeRecord {
        let path = folder.path + "/a"
        if !FileManager.default.fileExists(atPath: path) { try Data("x".utf8).write(to: URL(filePath: path)) }
        return ResumeRecord(
            directory: StateDirectory(path: folder.path + "/state"), file: try LocalFile(path: path),
            collection: try #require(HTTPURL(url)), dialect: .tus)
    }

    @Test func `another token finds what an earlier one has begun, and no token is kept`() throws {
        let folder = try TemporaryDirectory()
        let first = try record(folder, at: "http://a/files?x=1&token=old-token&y=2")
        first.set("http://a/files/1?token=old-token", of: 0..<5)
        first.set("http://b/elsewhere", of: 5..<9)
        #expect(first.location(of: 0..<5) == "http://a/files/1?token=old-token")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path + "/state") {
            let kept = try String(contentsOfFile: folder.path + "/state/" + name, encoding: .utf8)
            #expect(!kept.contains("old-token") && kept.contains("http://a/files/1?token="))
        }
        let second = try record(folder, at: "http://a/files?x=1&token=new&y=2")
        #expect(second.location(of: 0..<5) == "http://a/files/1?token=new")
        #expect(second.location(of: 5..<9) == "http://b/elsewhere")
        // What else the query says is another place.
        #expect(try record(folder, at: "http://a/files?x=2&token=new&y=2").location(of: 0..<5) == nil)
        #expect(try record(folder, at: "http://a/files").location(of: 0..<5) == nil)
    }

    @Test func `a file that was written and given its old time back begins anew, and that is known`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/a"
        try record(folder, "a").set("http://a/files/1", of: 0..<1)
        #expect(try !record(folder, "a").isOutdated)
        let time = try #require(FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: Data("y".utf8))
        try handle.close()
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: path)
        let after = try record(folder, "a")
        #expect(after.location(of: 0..<1) == nil)
        #expect(after.isOutdated)
    }

    @Test func `another file in the place of the first begins anew`() throws {
        let folder = try TemporaryDirectory()
        try record(folder, "a").set("http://a/files/1", of: 0..<1)
        try FileManager.default.copyItem(atPath: folder.path + "/a", toPath: folder.path + "/b")
        #expect(rename(folder.path + "/b", folder.path + "/a") == 0)
        #expect(try record(folder, "a").location(of: 0..<1) == nil)
    }

    @Test func `what is kept is for its owner's eyes alone`() throws {
        let folder = try TemporaryDirectory()
        try record(folder, "a").set("http://a/files/1?secret", of: 0..<1)
        let state = folder.path + "/state"
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: state).first)
        for (path, mode) in [(state, 0o700), (state + "/" + name, 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o077 } == 0, "\(path) \(mode)")
        }
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
