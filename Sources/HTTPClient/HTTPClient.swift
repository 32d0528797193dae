public import HTTP
internal import LinuxSystem
public import Reactor
public import TLS

/// Asks servers: finds them, by way of a proxy where one is set, keeps connections for the next request, follows
/// redirects, and hears answers of any size within bounds. HTTP/1.1, plain or through TLS.
///
/// Confined to its loop and to one task, so one request is on its way at a time; a task that wants two has two clients.
public final class HTTPClient {
    /// How servers are asked.
    public struct Options: Sendable {
        /// For https; nil where only http is to be spoken.
        public var tls: TLSContext?
        /// Which requests go by way of a proxy.
        public var proxies = ProxySettings.none
        /// Whom the further fields are for. Nobody else ever gets them: a password for one server is not for the one
        /// that its answers name.
        public var origin: HTTPURL.Origin
        /// Further fields of every request to that origin. Printable ASCII.
        public var fields: [(name: String, value: String)] = []
        /// Whether 307 and 308 are followed; where not, they are answers like others.
        public var followsRedirects = true

        /// For requests that begin at this server.
        public init(origin: HTTPURL.Origin) { self.origin = origin }
    }

    private let options: Options
    private let resolver = Resolver()
    /// The one used last is at the end.
    private var idle: [HTTPConnection] = []

    /// A client without connections; they are made when needed.
    public init(_ options: Options) { self.options = options }

    /// Sends a request and answers what the server says to it, whatever that is; 307 and 308 are followed with method
    /// and content (RFC 9110 section 15.4), any other redirect is an answer like others.
    ///
    /// - Parameters:
    ///   - interim: told of every informational answer.
    ///   - progress: told after each step how many bytes of the content have been given to the network; answers whether
    ///     to go on.
    /// - Throws: why there is no answer. What the server knows of the request is open then.
    public func send(
        _ request: HTTPRequest, on loop: isolated EventLoop, interim: (ReceivedResponse) -> Void = { _ in },
        progress: (Int64) -> Bool = { _ in true }
    ) async throws(ExchangeFailure) -> Answer {
        var request = request
        for _ in 0...HTTPClientLimits.redirectsMax {
            let answer = try await ask(request, on: loop, interim, progress)
            guard options.followsRedirects, [.temporaryRedirect, .permanentRedirect].contains(answer.status),
                let location = answer.location
            else { return answer }
            guard let next = answer.resolvedLocation else {
                let place = Answer.printable(Substring(location.utf8.prefix { $0 != UInt8(ascii: "?") }))
                throw ExchangeFailure(
                    .redirects, "\(request.url.withoutQuery) redirects to an address that is not followed: \(place)")
            }
            request = request.redirected(to: next)
        }
        throw ExchangeFailure(
            .redirects,
            "more than \(HTTPClientLimits.redirectsMax) redirects, the last one to \(request.url.withoutQuery)")
    }

    /// Closes all connections.
    public func close(on loop: isolated EventLoop) async {
        for connection in idle { await connection.close(on: loop) }
        idle = []
    }

    private func ask(
        _ request: HTTPRequest, on loop: isolated EventLoop, _ interim: (ReceivedResponse) -> Void,
        _ progress: (Int64) -> Bool
    ) async throws(ExchangeFailure) -> Answer {
        let isOwn = request.url.origin == options.origin
        while true {
            let connection = try await connection(to: request.url, by: request.deadlineNanoseconds, on: loop)
            do throws(ExchangeFailure) {
                let answer = try await connection.exchange(
                    request, further: isOwn ? options.fields : [],
                    lacksOriginFields: !isOwn && !options.fields.isEmpty, interim: interim, progress: progress)
                await keep(connection, on: loop)
                return answer
            } catch {
                await connection.close(on: loop)
                // The server has closed what was kept; then it has closed the others, too.
                guard case .stale = error.kind else { throw error }
                await drop(request.url.origin, on: loop)
                if !request.mayBeRepeated { throw error }
            }
        }
    }

    private func keep(_ connection: HTTPConnection, on loop: isolated EventLoop) async {
        if connection.isSpent { return await connection.close(on: loop) }
        idle.append(connection)
        if idle.count > HTTPClientLimits.idleConnectionsMax { await idle.removeFirst().close(on: loop) }
    }

    private func drop(_ origin: HTTPURL.Origin, on loop: isolated EventLoop) async {
        let old = idle.filter { $0.origin == origin }
        idle.removeAll { $0.origin == origin }
        for connection in old { await connection.close(on: loop) }
    }

    private func connection(
        to url: HTTPURL, by deadline: Int64, on loop: isolated EventLoop
    ) async throws(ExchangeFailure) -> HTTPConnection {
        while let index = idle.lastIndex(where: { $0.origin == url.origin }) {
            let connection = idle.remove(at: index)
            if !connection.isStale { return connection }
            await connection.close(on: loop)
        }
        let proxy = try options.proxies.proxy(for: url)
        let next = proxy?.url ?? url
        let place = proxy == nil ? next.authority : "the proxy \(next.authority)"
        let addresses = try await resolver.addresses(of: next, on: loop)
        let number: Int32
        do throws(ExchangeFailure) {
            number = try await ConnectionRace.run(
                addresses,
                nanoseconds: min(HTTPClientLimits.connectNanoseconds, deadline - SystemClock.monotonicNanoseconds),
                for: place, on: loop)
        } catch {
            resolver.forget(next)
            throw error
        }
        return try await HTTPConnection.open(
            number, to: url, tls: url.usesTLS ? options.tls : nil, proxy: proxy, by: deadline, on: loop)
    }
}
