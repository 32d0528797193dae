internal import HTTP
public import HTTPClient
internal import LinuxSystem
public import Reactor
public import Uploads

/// Asks a URL one question after another, on a connection that is kept between them. Confined to its loop and to one
/// task at a time.
public final class QuestionSender {
    private let url: HTTPURL
    private let secrets: [WebhookSecret]
    private let places: EventPlaces
    private let client: HTTPClient

    /// - Parameters:
    ///   - url: one of the configuration's.
    ///   - source: a name for the server where it has no public URL.
    ///   - publicURL: what the server is called outside, or the path below which it is served there.
    ///   - base: where uploads have their addresses.
    public init(
        _ url: HTTPURL, _ configuration: QuestionConfiguration, source: String, publicURL: String?, base: BasePath
    ) {
        self.url = url
        secrets = configuration.secrets
        places = EventPlaces(outbox: source, publicURL: publicURL, base: base, data: "")
        var options = HTTPClient.Options(origin: url.origin)
        options.tls = configuration.tls
        options.proxies = configuration.proxies
        // What is signed for one receiver is for no other.
        options.followsRedirects = false
        client = HTTPClient(options)
    }

    /// - Parameters:
    ///   - id: of the question, for its signature and for whoever writes it down.
    ///   - deadlineNanoseconds: when it is given up, by `SystemClock.monotonicNanoseconds`.
    /// - Returns: whatever the application says; nil where memory is out for the signature.
    /// - Throws: why there is no answer.
    public func ask(
        _ question: Question, id: String, deadlineNanoseconds: Int64, on loop: isolated EventLoop
    ) async throws(ExchangeFailure) -> Answer? {
        let body = question.body(id: id, places)
        guard let signature = WebhookSecret.fields(id: id, body: body, secrets) else { return nil }
        let request = HTTPRequest(
            .post, url, [("Content-Type", CloudEvent.contentType)] + signature,
            content: (BytesContent(body), 0..<Int64(body.count)), deadlineNanoseconds: deadlineNanoseconds)
        return try await client.send(request, on: loop)
    }

    /// Closes its connection.
    public func close(on loop: isolated EventLoop) async { await client.close(on: loop) }
}
