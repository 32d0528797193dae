internal import HTTP
internal import TLS

/// A page that is part of the program: one document, served compressed, with an `ETag` and a policy that lets nothing
/// run but the page's own script.
final class EmbeddedPage: Sendable {
    private let plain: [UInt8]
    private let compressed: [UInt8]
    /// Of the page as it is, and as it is compressed: other bytes have another tag (RFC 9110 8.8.3.3).
    private let tags: (plain: EntityTag, compressed: EntityTag)
    private let policy: String

    /// - Parameters:
    ///   - document: see `JoinedPage`.
    ///   - formAction: where its forms may be sent: a source of the policy.
    init(document: [UInt8], files: [String: [UInt8]], formAction: String) {
        let page = JoinedPage(document: document, files: files)
        plain = page.text
        compressed = Gzip.compress(plain)
        let name = Base64.encode(Digest.sha256(plain)[..<12])
        tags = (EntityTag(name), EntityTag(name + "-gzip"))
        policy =
            "default-src 'none'; script-src \(EmbeddedPage.source(page.script)); "
            + "style-src \(EmbeddedPage.source(page.style)); connect-src 'self'; img-src 'self' data:; "
            + "form-action \(formAction); base-uri 'none'; frame-ancestors 'none'"
    }

    /// The answer to a `GET`.
    ///
    /// - Throws: 412 `precondition-failed`.
    func answer(_ request: RequestHead, gzip: Bool, now: HTTPDate) throws(Refusal) -> (
        head: ResponseHead, body: [UInt8]
    ) {
        let tag = gzip ? tags.compressed : tags.plain
        var head = ResponseHead(.ok)
        head.set("ETag", tag.description)
        head.set("Vary", "Accept-Encoding")
        head.set("Cache-Control", "no-cache")
        switch Precondition(request, tag: tag, lastModified: nil, now: now) {
        case .met: break
        case .notModified:
            head.status = .notModified
            return (head, [])
        case .failed:
            throw Refusal(
                .preconditionFailed, code: "precondition-failed", "The page is not the one that the request asks for.")
        }
        head.set("Content-Type", "text/html; charset=utf-8")
        head.set("Content-Security-Policy", policy)
        head.set("X-Content-Type-Options", "nosniff")
        head.set("Referrer-Policy", "no-referrer")
        if gzip { head.set("Content-Encoding", "gzip") }
        return (head, gzip ? compressed : plain)
    }

    /// The policy's source for an inline element: the digest of its content (CSP3 section 2.3.1).
    private static func source(_ content: [UInt8]) -> String { "'sha256-\(Base64.encode(Digest.sha256(content)))'" }
}
