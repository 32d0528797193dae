internal import HTTP
internal import HTTPClient
internal import Reactor

/// The whole file in one request. What is cut begins anew.
final class PlainUpload: DialectUpload {
    let confirmed: Int64 = 0
    private let job: UploadJob

    init(_ job: UploadJob) { self.job = job }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let name = job.task.name.text
        guard name != ".", name != ".." else { throw .local("has a name that no URL can have") }
        let url = job.collection.below(PercentEncoding.segment(name))
        let meter = job.meter
        meter.set(0, of: 0)
        let answer = try await session.send(
            HTTPRequest(.put, url, [], content: (job.file, 0..<job.file.size)), on: loop,
            progress: { sent in
                meter.set(sent, of: 0)
                return !meter.isGivenUp
            })
        guard answer.isSuccess else { throw answer.failure }
        try job.file.checkUnchanged()
        return (answer.resolvedLocation ?? url).description
    }
}
