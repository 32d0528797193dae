internal import HTTP
internal import HTTPClient
internal import Reactor

/// tus with concatenation: the file's parts travel side by side, then the server puts them together.
enum TusParallelUpload {
    /// - Parameter session: for the last step; the parts have connections of their own.
    static func run(
        _ job: UploadJob, _ session: Session, on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        if let url = job.record.location(of: job.whole).flatMap({ job.collection.resolve($0) }) {
            // An earlier run came as far as this, and was stopped.
            let final = TusFinalUpload(job, job.parts.compactMap { job.record.location(of: $0) }, url)
            let result = await final.run(session, on: loop)
            guard final.isGone else { return result }
        }
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
        return await final.run(session, on: loop)
    }

    private static func send(
        _ range: Range<Int64>, _ job: UploadJob, on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        let client = HTTPClient(job.task.client)
        let result = await TusUpload(job, range, isPart: true).run(Session(task: job.task, client: client), on: loop)
        await client.close(on: loop)
        return result
    }
}

/// The upload that is made from parts.
final class TusFinalUpload: DialectUpload {
    var confirmed: Int64 { url == nil ? 0 : 1 }
    private let job: UploadJob
    private let parts: [String]
    private var url: HTTPURL?
    /// Whether the server knows nothing of an upload that an earlier run has made.
    private(set) var isGone = false

    /// - Parameter url: where an earlier run has made it; nil where it is still to be made.
    init(_ job: UploadJob, _ parts: [String], _ url: HTTPURL? = nil) {
        self.job = job
        self.parts = parts
        self.url = url
    }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let url: HTTPURL
        if let known = self.url { url = known } else { url = try await create(session, on: loop) }
        self.url = url
        // Whoever is stopped from here on finds the file again, whatever has become of its parts.
        job.record.set(url.description, of: job.whole)
        let answer = try await session.send(HTTPRequest(.head, url, [TusUpload.version]), on: loop)
        if answer.tellsOfTusLoss {
            isGone = true
            job.record.set(nil, of: job.whole)
            throw answer.failure
        }
        guard answer.isSuccess else { throw answer.failure }
        guard answer.uploadOffset == job.file.size else { throw .transient("the server still puts the parts together") }
        // The parts have served; a server that keeps them is asked to let go, and may do as it likes.
        for part in parts {
            guard let address = HTTPURL(part) else { continue }
            _ = try? await session.send(HTTPRequest(.delete, address, [TusUpload.version]), on: loop)
        }
        return url.description
    }

    private func create(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> HTTPURL {
        var refusal: Answer?
        for references in ConcatReferences.candidates(parts, collection: job.collection) {
            let fields = [
                TusUpload.version, job.task.name.tusMetadata,
                (name: "Upload-Concat", value: "final;" + references.joined(separator: " ")),
            ]
            let answer = try await session.send(HTTPRequest(.post, job.collection, fields), on: loop)
            if answer.status == .created { return try answer.madeLocation() }
            // Nothing was made; the server may know its uploads by another form of their addresses.
            guard [400, 404].contains(answer.status.code), !answer.isApplicationsNo else { throw answer.failure }
            refusal = refusal ?? answer
        }
        throw refusal?.failure ?? .network("no parts")
    }
}

/// How the parts of a file are named to the server that is to put them together. A pure function.
enum ConcatReferences {
    /// The forms to try, each once: a server behind a proxy may not know what it is called outside, nor that it lies
    /// below a prefix there.
    ///
    /// - Parameter parts: the uploads' URLs.
    static func candidates(_ parts: [String], collection: HTTPURL) -> [[String]] {
        let urls = parts.compactMap { HTTPURL($0) }
        guard urls.count == parts.count, urls.allSatisfy({ $0.isSameServer(as: collection) }) else { return [parts] }
        let folder = collection.path[...(collection.path.lastIndex(of: "/") ?? collection.path.startIndex)]
        var forms = [urls.map(\.target)]
        // Relative to the request's own address, which holds on both sides of a proxy that takes a prefix away.
        if urls.allSatisfy({ $0.target.hasPrefix(folder) }) {
            forms.append(urls.map { String($0.target.dropFirst(folder.count)) })
        }
        forms.append(parts)
        return forms.reduce(into: []) { kept, form in if !kept.contains(form) { kept.append(form) } }
    }
}
