import LinuxSystem
import Storage
import TLS
import TestSupport
import Uploads

/// Makes records of every dialect in every state, in a data directory that no server has.
struct RandomRecords {
    /// Few, so that requests meet records and records meet older ones.
    static let names = 0..<24

    private static let fittingMax: Int64 = 1 << 20

    private let path: String

    init(at path: String) { self.path = path }

    /// The id that a file-id client's n-th file has; uploads of other dialects have it, too.
    static func id(_ number: Int) -> UploadID { UploadID(digest: Digest.sha256(Array("file-id\u{0}r\(number)".utf8))) }

    func make(_ count: Int, using random: inout SeededGenerator) async throws {
        let store = try LocalStore.open(StoreConfiguration(path: path, durability: .process, diskThreads: 2))
        defer { store.close() }
        for _ in 0..<count { try await make(store, &random) }
    }

    private func make(_ store: LocalStore, _ random: inout SeededGenerator) async throws {
        let id = Self.id(Int.random(in: Self.names, using: &random))
        var claim = try await store.claim(id, onFence: {})
        if claim.upload != nil, Bool.random(using: &random) { return try await claim.delete() }
        var upload = self.upload(id, &random)
        // To begin what the disk could not hold is refused; a length told later is not looked at like that.
        let told = upload.length.flatMap { $0 > Self.fittingMax ? $0 : nil }
        if told != nil { upload.length = nil }
        if claim.upload == nil { try await claim.create(upload) } else { try await claim.restart(upload) }
        let length = Int(min(upload.length ?? .max, 60))
        let count = [0, length, Int.random(in: 0...length, using: &random)].randomElement(using: &random)!
        var permit = try await claim.permit(at: .zero)
        if count > 0 {
            guard let buffer = AlignedBuffer(count: 4096) else { return }
            for index in 0..<count { buffer.memory.storeBytes(of: UInt8(index), toByteOffset: index, as: UInt8.self) }
            _ = await permit.write(buffer, count: count)
            _ = await permit.drain()
        }
        let isWhole = upload.length ?? Int64(count) == Int64(count)
        switch UInt8.random(in: 0...5, using: &random) {
        case 0: try await permit.invalidate()
        case 1, 2: isWhole ? _ = try await permit.finish(length: Int64(count)) : try await expire(permit, store)
        case 3: try await expire(permit, store)
        default:
            _ = try await permit.settle()
            guard let told else { return }
            var claim = try await store.claim(id, onFence: {})
            let offset = claim.upload?.offset ?? .zero
            try claim.setLength(told)
            // One that does not fit is refused.
            _ = try? await claim.permit(at: offset).settle()
        }
    }

    private func expire(_ permit: consuming WritePermit, _ store: LocalStore) async throws {
        let id = try await permit.settle().id
        try await store.claim(id, onFence: {}).expire()
    }

    private func upload(_ id: UploadID, _ random: inout SeededGenerator) -> Upload {
        let lengths: [Int64?] = [nil, nil, 0, 1, 40, 60, 100, 1001, 1 << 40, UploadLimits.lengthMax]
        let dialect = DialectName.allCases.randomElement(using: &random)!
        var concatenation: Concatenation?
        if dialect == .tus, UInt8.random(in: 0...3, using: &random) == 0 {
            concatenation = Concatenation(.partial, text: "partial")
        }
        let expiry: [Int64?] = [nil, nil, 1, .max, SystemClock.wallNanoseconds / 1_000_000_000 + 3600]
        return Upload(
            id: id, dialect: dialect, length: lengths.randomElement(using: &random)!, name: CleanName("r"),
            createdSeconds: 1_700_000_000, expiresSeconds: expiry.randomElement(using: &random)!,
            concatenation: concatenation)
    }
}
