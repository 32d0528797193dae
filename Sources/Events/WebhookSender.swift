internal import HTTP
internal import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import TLS

/// Tells a URL of one event after another. Confined to its loop and to one task at a time.
final class WebhookSender {
    /// Answers that say that whoever is there speaks for a target that is not (RFC 9110 sections 15.6, RFC 6585).
    private static let absent: Set<Int> = [429, 502, 503, 504]

    private let client: HTTPClient
    private let attemptNanoseconds: Int64

    init(_ webhook: Webhook, _ configuration: DeliveryConfiguration, tls: TLSContext?) {
        var options = HTTPClient.Options(origin: webhook.url.origin)
        options.tls = tls
        options.proxies = configuration.proxies
        // What is signed for one receiver is for no other.
        options.followsRedirects = false
        client = HTTPClient(options)
        attemptNanoseconds = configuration.attemptNanoseconds
    }

    /// - Parameter id: the event's.
    func send(
        _ event: UploadEvent, id: String, to webhook: Webhook, _ places: EventPlaces, on loop: isolated EventLoop
    ) async -> DeliveryOutcome {
        let body = webhook.format.body(event, id: id, places)
        var fields: [(name: String, value: String)] = []
        switch webhook.format {
        case .cloudevents: fields.append(("Content-Type", CloudEvent.contentType))
        case .tusd:
            fields.append(("Content-Type", TusdHook.contentType))
            fields.append(("Hook-Name", TusdHook.type(event.kind)))
        }
        guard let signature = WebhookSecret.fields(id: id, body: body, webhook.secrets) else {
            return .refused("no memory to sign it")
        }
        fields += signature
        let request = HTTPRequest(
            .post, webhook.url, fields, content: (BytesContent(body), 0..<Int64(body.count)),
            deadlineNanoseconds: SystemClock.monotonicNanoseconds + attemptNanoseconds)
        do throws(ExchangeFailure) {
            return WebhookSender.outcome(try await client.send(request, on: loop))
        } catch {
            return .unreachable(error.description, retryNanoseconds: nil)
        }
    }

    private static func outcome(_ answer: Answer) -> DeliveryOutcome {
        if answer.isSuccess { return .taken }
        if answer.status.code == 410 { return .gone }
        guard absent.contains(answer.status.code) else { return .refused(answer.text) }
        let seconds = answer.retryAfterSeconds.map { min($0, EventsLimits.retryNanosecondsMax / 1_000_000_000) }
        return .unreachable(answer.text, retryNanoseconds: seconds.map { $0 * 1_000_000_000 })
    }

    func close(on loop: isolated EventLoop) async { await client.close(on: loop) }
}
