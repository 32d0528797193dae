internal import HTTP
internal import Reactor

/// tus with concatenation: the file's parts travel side by side, then the server puts them together.
enum TusParallelUpload {
    static func run(_ job: UploadJob, on loop: isolated EventLoop) async -> Result<String, UploadFailure> {
        let parts = job.parts
        var locations: [Int: String] = [:]
        var failure: UploadFailure?
        await withTaskGroup(of: (Int, Result<String, UploadFailure>).self) { group in
            for (index, range) in parts.enumerated() {
                group.addTask { (index, await send(range, job, on: loop)) }
            }
            for await (index, result) in group {
                switch result {
                case .success(let location): locations[index] = location
                case .failure(let reason):
                    failure = failure ?? reason
                    job.meter.giveUp()
                }
            }
        }
        if let failure { return .failure(failure) }
        let final = TusFinalUpload(job, parts.indices.compactMap { locations[$0] })
        return await final.run(Session(job), on: loop)
    }

    private static func send(
        _ range: Range<Int64>, _ job: UploadJob, on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        await TusUpload(job, range, isPart: true).run(Session(job), on: loop)
    }
}

/// The upload that is made from parts.
final class TusFinalUpload: DialectUpload {
    var confirmed: Int64 { url == nil ? 0 : 1 }
    private let job: UploadJob
    private let parts: [String]
    private var url: UploadURL?

    init(_ job: UploadJob, _ parts: [String]) {
        self.job = job
        self.parts = parts
    }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let url: UploadURL
        if let known = self.url { url = known } else { url = try await create(session, on: loop) }
        self.url = url
        let answer = try await session.send(Request(.head, url, [TusUpload.version]), on: loop)
        guard answer.isSuccess else { throw answer.failure }
        guard answer.uploadOffset == job.file.size else { throw .transient("the server still puts the parts together") }
        // The parts have served; a server that keeps them is asked to let go, and may do as it likes.
        for part in parts {
            guard let address = UploadURL(part) else { continue }
            _ = try? await session.send(Request(.delete, address, [TusUpload.version]), on: loop)
        }
        return url.description
    }

    private func create(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> UploadURL {
        // Paths where they say enough: a server behind a proxy may not know what it is called outside.
        let references = parts.map { part in
            guard let url = UploadURL(part), url.isSameServer(as: job.collection) else { return part }
            return url.target
        }
        let fields = [
            TusUpload.version, TusUpload.metadata(job.file.name),
            (name: "Upload-Concat", value: "final;" + references.joined(separator: " ")),
        ]
        let answer = try await session.send(Request(.post, job.collection, fields), on: loop)
        guard answer.status == .created, let location = answer.location else { throw answer.failure }
        guard let url = job.collection.resolve(location) else {
            throw .network("the server names an address that cannot be used: \(location)")
        }
        return url
    }
}
