import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// A directory whose catalogue is gone, and one that has none yet.
@Suite struct LostCatalogueTests {
    private let open = Upload.sample(1, length: 20_000, name: "open.bin")
    private let whole = Upload.sample(2, length: 3000, name: "whole.bin")
    private static let losses = ["removed", "emptied", "blank"]

    /// A closed directory with 5,000 bytes of an open upload and one finished file, and with its catalogue lost.
    private func directory(_ loss: String) async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let fixture = try StoreFixture(in: directory)
        try await fixture.create(open, bytes: 5000)
        try await fixture.finish(whole, bytes: 3000)
        fixture.store.close()
        let catalogue = directory.path + "/data/catalogue.sqlite"
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: catalogue + suffix) }
        switch loss {
        case "emptied": try place([], at: catalogue)
        case "blank": try Catalogue.execute(at: directory.path + "/data", "VACUUM")
        default: break
        }
        return directory
    }

    /// What is in the two directories.
    private func files(_ directory: TemporaryDirectory) throws -> [String: Data] {
        try everyFile(below: directory.path + "/data").filter { $0.key.contains("/") }
    }

    @Test(arguments: losses)
    func `uploads without a catalogue keep the store from opening, which names the way`(loss: String) async throws {
        let directory = try await directory(loss)
        let before = try files(directory)
        for _ in 0..<2 {
            let failure = #expect(throws: StorageError.self) {
                try LocalStore.open(StoreConfiguration(path: directory.path + "/data")).close()
            }
            #expect(failure?.code == "catalogue-error")
            #expect(failure?.description.contains("'sluice check --repair'") == true)
        }
        #expect(try files(directory) == before && before.keys.contains("uploads/\(open.id)"))
    }

    @Test(arguments: losses)
    func `a repair makes the records anew, and the store opens`(loss: String) async throws {
        let directory = try await directory(loss)
        let data = directory.path + "/data"
        #expect(try StoreCheck(path: data, repairs: false) { _ in }.run().damages == 1)
        let summary = try StoreCheck(path: data, repairs: true) { _ in }.run()
        #expect(summary.isSound && summary.repairs == 3)
        let again = try StoreFixture(in: directory)
        #expect(try await again.finishedFile(whole.id)?.length == 3000)
        #expect(again.contents("\(data)/lost/\(open.id)") == Pattern.bytes(open.id, 5000))
    }

    @Test func `a log without its database is put aside by a repair, and by nobody else`() async throws {
        let directory = try await directory("emptied")
        let data = directory.path + "/data"
        try place([1, 2, 3], at: "\(data)/catalogue.sqlite-wal")
        #expect(throws: StorageError.self) { try LocalStore.open(StoreConfiguration(path: data)).close() }
        #expect(FileManager.default.contents(atPath: "\(data)/catalogue.sqlite-wal") == Data([1, 2, 3]))
        _ = try StoreCheck(path: data, repairs: true) { _ in }.run()
        #expect(FileManager.default.contents(atPath: "\(data)/catalogue.sqlite.damaged-wal") == Data([1, 2, 3]))
    }

    /// What a crash leaves of the first start, step by step, and what may lie in a directory that is none of ours.
    @Test(arguments: [
        [], ["uploads/"], ["uploads/", "complete/"], ["uploads/", "complete/", "catalogue.sqlite"],
        ["uploads/", "complete/", "blank"], ["uploads/lost+found/", "complete/.keep"],
    ])
    func `a directory that has no uploads yet is served`(entries: [String]) async throws {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        for entry in entries {
            let path = "\(data)/\(entry)"
            if entry == "blank" {
                try Catalogue.execute(at: data, "PRAGMA journal_mode = WAL")
            } else if entry.hasSuffix("/") {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            } else {
                try place([], at: path)
            }
        }
        let fixture = try StoreFixture(in: directory)
        try await fixture.finish(whole, bytes: 3000)
        #expect(fixture.contents(fixture.finishedPath(whole.id, "whole.bin"))?.count == 3000)
    }
}
