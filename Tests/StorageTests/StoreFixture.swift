import Foundation
import LinuxSystem
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// A data directory with one store in it, closed at the latest when the fixture goes.
final class StoreFixture: Sendable {
    let path: String
    let store: LocalStore
    private let directory: TemporaryDirectory
    private let log: EventLog

    /// - Parameter path: the data directory, if it is not to be one below `directory`.
    init(
        in directory: TemporaryDirectory? = nil, at path: String? = nil, durability: Durability = .process,
        directIO: Bool = true,
        diskThreads: Int = 2, journalBytes: Int64 = 4 << 20, expiry: ExpiryPolicy = .never,
        forgetSeconds: Int64? = nil, openUploadsMax: Int? = nil, reserveBytes: Int64 = 0,
        events: EventsConfiguration = EventsConfiguration(), digests: FileDigests? = nil,
        bootID: BootID? = BootID(high: .random(in: 1...(.max)), low: 0),
        wallSeconds: @escaping @Sendable () -> Int64 = { 1_700_000_000 }
    ) throws {
        self.directory = try directory ?? TemporaryDirectory()
        self.path = path ?? self.directory.path + "/data"
        let log = EventLog()
        self.log = log
        var configuration = StoreConfiguration(
            path: self.path, durability: durability, diskThreads: diskThreads, directIO: directIO,
            onEvent: { log.append($0) })
        configuration.journalBytes = journalBytes
        // What a test does to files that are in the journal only must not depend on how long it takes.
        configuration.journalHoldNanoseconds = .max
        // Another run of the machine each time, unless told: what is opened once more has seen a loss of power.
        configuration.bootID = bootID
        configuration.expiry = expiry
        configuration.forgetSeconds = forgetSeconds
        configuration.openUploadsMax = openUploadsMax
        configuration.reserveBytes = reserveBytes
        configuration.wallSeconds = wallSeconds
        configuration.events = events
        configuration.digests = digests
        store = try LocalStore.open(configuration)
    }

    deinit { store.close() }

    /// What the store reported so far.
    var events: [StoreEvent] { log.events }

    /// Waits for an event that is like this.
    func event(_ isWanted: (StoreEvent) -> Bool) async -> StoreEvent? {
        for await event in log.stream where isWanted(event) { return event }
        return nil
    }

    /// Waits until a later sweep has removed something and answers how many files.
    func sweptAgain() async -> Int {
        for await event in log.stream {
            if case .swept(let files) = event, files > 0 { return files }
        }
        return -1
    }

    /// Waits for the end of the sweep after the start and answers how many files it removed.
    func sweptFiles() async -> Int {
        for await event in log.stream {
            if case .swept(let files) = event { return files }
        }
        return -1
    }

    /// Waits until small files have been written again from the journal and answers how many.
    func replayedFiles() async -> Int {
        for await event in log.stream {
            if case .replayed(let files) = event { return files }
        }
        return -1
    }

    /// Waits until finished uploads have been forgotten and answers how many.
    func forgottenUploads() async -> Int {
        for await event in log.stream {
            if case .forgotten(let uploads) = event { return uploads }
        }
        return -1
    }

    /// Waits until the catalogue takes no more changes and answers why.
    func catalogueFailure() async -> String {
        for await event in log.stream {
            if case .catalogueFailed(let text) = event { return text }
        }
        return ""
    }

    /// A copy of everything as a crash at this moment would leave it, opened by another store. To be taken while no
    /// commit is on its way.
    func crashed(
        durability: Durability = .process, bootID: BootID? = BootID(high: .random(in: 1...(.max)), low: 0),
        events: EventsConfiguration = EventsConfiguration(), digests: FileDigests? = nil,
        _ damage: (String) throws -> Void = { _ in }
    ) throws -> StoreFixture {
        let copy = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: path, toPath: copy.path + "/data")
        try damage(copy.path + "/data")
        return try StoreFixture(in: copy, durability: durability, events: events, digests: digests, bootID: bootID)
    }

    func claim(_ id: UploadID) async throws -> UploadClaim { try await store.claim(id, onFence: {}) }

    /// Creates an upload and appends the pattern's first bytes to it, without finishing it.
    @discardableResult
    func create(_ upload: Upload, bytes count: Int) async throws -> Upload {
        var claim = try await claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(count, of: upload.id)
        return try await permit.settle()
    }

    /// Creates an upload and finishes it at once.
    @discardableResult
    func finish(_ upload: Upload, bytes count: Int) async throws -> Upload {
        var claim = try await claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(count, of: upload.id)
        return try await permit.finish(length: Int64(count))
    }

    /// Creates an upload whose body comes whole, with its length known, and finishes it.
    @discardableResult
    func finishSmall(_ number: UInt64, bytes count: Int = 1000) async throws -> Upload {
        let upload = Upload.sample(number, length: Int64(count))
        var claim = try store.claimNew(upload.id, onFence: {})
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.appendWhole(count, of: upload.id)
        return try await permit.finish(length: Int64(count))
    }

    /// Why an append at `offset` may not begin, or nil.
    func permitFailure(_ id: UploadID, at offset: Int64) async -> StorageError? {
        do throws(StorageError) {
            _ = try await store.claim(id, onFence: {}).permit(at: Offset(offset))
            return nil
        } catch { return error }
    }

    /// What is known of the delivered file once it was opened; nil if there is none.
    func finishedFile(_ id: UploadID) async throws -> FinishedFile? {
        guard let reader = try await store.openFinished(id) else { return nil }
        return reader.finished
    }

    func dataPath(_ id: UploadID) -> String { "\(path)/uploads/\(id)" }
    func finishedPath(_ id: UploadID, _ name: String) -> String { "\(path)/complete/\(id)/\(name)" }
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    func contents(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { [UInt8]($0) } }
}

/// Events as they come, to look at or to wait for.
private final class EventLog: Sendable {
    let stream: AsyncStream<StoreEvent>
    private let continuation: AsyncStream<StoreEvent>.Continuation
    private let list = Mutex<[StoreEvent]>([])

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var events: [StoreEvent] { list.withLock { $0 } }

    func append(_ event: StoreEvent) {
        list.withLock { $0.append(event) }
        continuation.yield(event)
    }
}

extension WritePermit {
    /// Appends the next `count` bytes of the pattern, in buffers of `bufferBytes`.
    mutating func append(_ count: Int, of id: UploadID, bufferBytes: Int = 256 << 10) async {
        var left = count
        var spare: AlignedBuffer?
        while left > 0 {
            let buffer = spare.take() ?? AlignedBuffer(count: bufferBytes)!
            let part = min(left, buffer.count - leadingGap)
            Pattern.fill(buffer.memory + leadingGap, count: part, id, at: Int(nextByte))
            spare = await write(buffer, count: part)
            left -= part
        }
        _ = await drain()
    }

    /// Appends all of a file at once, by memory of the store's where it has some for that.
    mutating func appendWhole(_ count: Int, of id: UploadID) async {
        guard let memory = leaseSmall() else { return await append(count, of: id) }
        Pattern.fill(memory, count: count, id, at: 0)
        writeLeased(count)
    }

    /// Everything written so far, as it lies in the file.
    func readBack() async throws -> [UInt8] {
        let reader = try await reader()
        var bytes: [UInt8] = []
        while Int64(bytes.count) < reader.length {
            let part = min(Int(reader.length) - bytes.count, 64 << 10)
            let filled = await reader.read(into: AlignedBuffer(count: 64 << 10)!, at: Int64(bytes.count), count: part)
            guard filled.count == part else { return bytes }
            let buffer = filled.takeBuffer()
            bytes += UnsafeRawBufferPointer(start: buffer.memory, count: part)
        }
        return bytes
    }

    /// Settles and answers what went wrong, or nil.
    consuming func settleFailure() async -> StorageError? {
        do throws(StorageError) {
            _ = try await settle()
            return nil
        } catch { return error }
    }

    /// Finishes and answers what went wrong, or nil.
    consuming func finishFailure(length: Int64) async -> StorageError? {
        do throws(StorageError) {
            _ = try await finish(length: length)
            return nil
        } catch { return error }
    }
}

extension Upload {
    /// The record as the so-manieth holder has changed it.
    func inEpoch(_ epoch: Int64) -> Upload {
        var marked = self
        marked.epoch = epoch
        return marked
    }

    static func sample(
        _ number: UInt64, _ dialect: DialectName = .tus, length: Int64? = nil, name: String = "file.bin"
    ) -> Upload {
        Upload(
            id: UploadID(high: 7, low: number), dialect: dialect, length: length, name: CleanName(name),
            createdSeconds: 1_700_000_000)
    }
}

/// Makes a file behind the store's back.
func place(_ bytes: [UInt8], at path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}
