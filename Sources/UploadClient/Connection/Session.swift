internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import TLS

/// What one sequence of requests needs: a connection that is made when needed, and made anew after it was lost.
/// Confined to its loop.
final class Session {
    let job: UploadJob
    private var connection: ServerConnection?

    init(_ job: UploadJob) { self.job = job }

    /// Sends a request and answers what the server says to it, whatever that is.
    func send(
        _ request: Request, on loop: isolated EventLoop, interim: (ReceivedResponse) -> Void = { _ in },
        progress: (Int64) -> Bool = { _ in true }
    ) async throws(AttemptError) -> Answer {
        if job.meter.isGivenUp { throw .network("given up") }
        if let open = connection, !open.url.isSameServer(as: request.url) { await close(on: loop) }
        let open: ServerConnection
        if let connection {
            open = connection
        } else {
            open = try await connect(to: request.url, on: loop)
            connection = open
        }
        do throws(AttemptError) {
            let answer = try await open.exchange(
                request, further: job.options.fields, file: job.file, interim: interim, progress: progress)
            if open.isSpent { await close(on: loop) }
            job.meter.reached()
            return answer
        } catch {
            await close(on: loop)
            throw error
        }
    }

    func close(on loop: isolated EventLoop) async {
        await connection?.close(on: loop)
        connection = nil
    }

    /// Tries the host's addresses one after the other.
    private func connect(
        to url: UploadURL, on loop: isolated EventLoop
    ) async throws(AttemptError) -> ServerConnection {
        let addresses = try await Session.lookUp(url).get()
        var last = AttemptError.transient("\(url.host) has no address")
        for address in addresses {
            do throws(AttemptError) {
                return try await ServerConnection.connect(
                    to: address, for: url, tls: url.usesTLS ? job.tls : nil, on: loop)
            } catch {
                if case .final = error { throw error }
                last = error
            }
        }
        throw last
    }

    /// Looking a name up blocks, so it has a thread of its own for as long as it takes; a numeric host needs none.
    private static func lookUp(_ url: UploadURL) async -> Result<[SocketAddress], AttemptError> {
        if let address = try? SocketAddress(host: url.host, port: url.port) { return .success([address]) }
        return await withUnsafeContinuation { continuation in
            do {
                _ = try SystemThread(name: "lookup") {
                    continuation.resume(
                        returning: Result { () throws(HostLookup.Failure) in
                            try HostLookup.addresses(of: url.host, port: url.port)
                        }.mapError { failure in
                            let text = "cannot find \(url.host): \(failure)"
                            return failure.isUnknownName ? .network(text) : .transient(text)
                        })
                }
            } catch {
                continuation.resume(returning: .failure(.local("cannot start a thread: \(error)")))
            }
        }
    }
}
