import LinuxSystem
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// Who gets an upload that several requests want. Each step waits for a sign that the one before has happened.
@Suite(.timeLimit(.minutes(1))) struct FencingTests {
    private let upload = Upload.sample(1)

    /// A claim on an open upload whose fencing can be awaited.
    private func held(_ fixture: StoreFixture) async throws -> (permit: WritePermitBox, fence: Sign) {
        try await fixture.create(upload, bytes: 100)
        let fence = Sign()
        let claim = try await fixture.store.claim(upload.id, onFence: { fence.give() })
        return (WritePermitBox(try await claim.permit(at: Offset(100))), fence)
    }

    /// Asks for a claim in a task of its own; answers the record it got, and gives the claim up again.
    private func contender(_ store: LocalStore, got: Sign? = nil) -> Task<Result<Upload?, StorageError>, Never> {
        Task { [upload] in
            do throws(StorageError) {
                let claim = try await store.claim(upload.id, onFence: {})
                got?.give()
                return .success(claim.upload)
            } catch { return .failure(error) }
        }
    }

    private func observer(_ store: LocalStore) -> Task<Offset?, any Error> {
        Task { [upload] in try await store.fencedUpload(upload.id)?.offset }
    }

    @Test func `reading disturbs nobody`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        #expect(try await fixture.store.snapshot(of: upload.id)?.offset == Offset(100))
        #expect(!fence.isGiven)
        _ = try await permit.settle()
    }

    @Test func `a claim fences the holder and gets what it settled`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        await permit.append(50, of: upload.id)
        let newer = contender(fixture.store)
        await fence.wait()
        #expect(try await permit.settle().offset == Offset(150))
        #expect(try await newer.value.get()?.offset == Offset(150))
    }

    @Test func `an observer fences the holder and is told what it settled`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        await permit.append(50, of: upload.id)
        let asking = observer(fixture.store)
        await fence.wait()
        _ = try await permit.settle()
        #expect(try await asking.value == Offset(150))
    }

    @Test func `who asks how far it is leaves a claim alone that has just begun, or waits to`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        let got = Sign()
        let waiting = contender(fixture.store, got: got)
        await fence.wait()
        #expect(try await fixture.store.progress(of: upload.id)?.offset == Offset(100), "at once")
        _ = try await permit.settle()
        await got.wait()
        #expect(try await waiting.value.get()?.offset == Offset(100))

        let second = Sign()
        let claim = try await fixture.store.claim(upload.id, onFence: { second.give() })
        #expect(try await fixture.store.progress(of: upload.id)?.offset == Offset(100))
        #expect(!second.isGiven)
        claim.release()
    }

    @Test func `a newer claim supersedes the one that waits`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        let older = contender(fixture.store)
        await fence.wait()
        let newer = contender(fixture.store)
        #expect(await older.value == .failure(.superseded), "at once, while the holder still holds")
        _ = try await permit.settle()
        #expect(try await newer.value.get()?.offset == Offset(100))
    }

    @Test func `an observer supersedes the claim that waits`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        let older = contender(fixture.store)
        await fence.wait()
        let asking = observer(fixture.store)
        #expect(await older.value == .failure(.superseded))
        await permit.append(1, of: upload.id)
        _ = try await permit.settle()
        #expect(try await asking.value == Offset(101))
    }

    @Test func `observers that wait outlive newer claims and are all told`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        let first = observer(fixture.store)
        await fence.wait()
        let older = contender(fixture.store)
        let second = observer(fixture.store)
        let newest = contender(fixture.store)
        // Whatever order the three take, at most the newest of the claims is left.
        await permit.append(7, of: upload.id)
        _ = try await permit.settle()
        #expect(try await first.value == Offset(107))
        #expect(try await second.value == Offset(107))
        for result in [await older.value, await newest.value] {
            #expect(result == .failure(.superseded) || (try? result.get()?.offset) == Offset(107))
        }
    }

    @Test func `the holder is fenced once, however many want the upload`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 100)
        let calls = Counter()
        let fence = Sign()
        let claim = try await fixture.store.claim(upload.id) {
            calls.add(1)
            fence.give()
        }
        let first = contender(fixture.store)
        await fence.wait()
        let second = contender(fixture.store)
        _ = await first.value
        let third = contender(fixture.store)
        _ = await second.value
        #expect(calls.value == 1)
        claim.release()
        #expect(try await third.value.get()?.offset == Offset(100))
    }

    @Test func `claims on an upload without a record exclude each other too`() async throws {
        let fixture = try StoreFixture()
        let fence = Sign()
        var claim = try await fixture.store.claim(upload.id, onFence: { fence.give() })
        #expect(claim.upload == nil)
        let newer = contender(fixture.store)
        await fence.wait()
        try await claim.create(upload)
        claim.release()
        #expect(try await newer.value.get() == upload.inEpoch(1))
    }

    @Test func `a new upload is held without a look at the catalogue`() async throws {
        let fixture = try StoreFixture()
        let fence = Sign()
        var claim = try fixture.store.claimNew(upload.id, onFence: { fence.give() })
        try await claim.create(upload)
        let newer = contender(fixture.store)
        await fence.wait()
        claim.release()
        #expect(try await newer.value.get() == upload.inEpoch(1))
        #expect(fixture.store.counters[.loads] == 0)
    }

    @Test func `many claims at once never hold together, and none is forgotten`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 1)
        let holders = Counter()
        let granted = Counter()
        let superseded = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask { [upload] in
                    do throws(StorageError) {
                        let claim = try await fixture.store.claim(upload.id, onFence: {})
                        let together = holders.add(1)
                        #expect(together == 1)
                        await Task.yield()
                        holders.add(-1)
                        granted.add(1)
                        claim.release()
                    } catch {
                        #expect(error == .superseded)
                        superseded.add(1)
                    }
                }
                group.addTask { [upload] in
                    #expect(try! await fixture.store.fencedUpload(upload.id)?.offset == Offset(1))
                }
            }
        }
        #expect(granted.value >= 1)
        #expect(granted.value + superseded.value == 200)
    }

    @Test func `closing sends those away who wait`() async throws {
        let fixture = try StoreFixture()
        let (permit, fence) = try await held(fixture)
        let waiting = contender(fixture.store)
        await fence.wait()
        fixture.store.close()
        #expect(await waiting.value == .failure(.closed))
        _ = permit
    }
}

/// A number that several tasks change.
final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func add(_ count: Int) -> Int { number.add(count, ordering: .sequentiallyConsistent).newValue }
}

/// Something that happens once and can be waited for.
final class Sign: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let given = Atomic<Bool>(false)

    init() { (stream, continuation) = AsyncStream.makeStream() }

    var isGiven: Bool { given.load(ordering: .acquiring) }

    func give() {
        given.store(true, ordering: .releasing)
        continuation.finish()
    }

    func wait() async { for await _ in stream {} }
}

/// A permit that a test may keep in a tuple.
final class WritePermitBox: Sendable {
    private let permit: Mutex<WritePermit?>
    init(_ permit: consuming WritePermit) { self.permit = Mutex(consume permit) }

    func append(_ count: Int, of id: UploadID) async {
        var taken = permit.withLock { $0.take() }!
        await taken.append(count, of: id)
        var back: WritePermit? = consume taken
        permit.withLock { $0 = back.take() }
    }

    func settle() async throws(StorageError) -> Upload {
        let taken = permit.withLock { $0.take() }!
        return try await taken.settle()
    }
}
