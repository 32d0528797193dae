internal import HTTP
internal import HTTPClient
internal import Reactor

/// A client at work for one upload, or for a part of one. Confined to its loop and to one task.
struct Session {
    let task: UploadTask
    let client: HTTPClient

    /// Sends a request and answers what the server says to it, whatever that is.
    func send(
        _ request: HTTPRequest, on loop: isolated EventLoop, interim: (ReceivedResponse) -> Void = { _ in },
        progress: (Int64) -> Bool = { _ in true }
    ) async throws(AttemptError) -> Answer {
        if task.meter.isGivenUp { throw .network("given up") }
        do throws(ExchangeFailure) {
            let answer = try await client.send(request, on: loop, interim: interim, progress: progress)
            task.meter.reached()
            return answer
        } catch {
            throw AttemptError(error)
        }
    }
}
