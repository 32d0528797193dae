internal import HTTP
internal import TLS

/// The upload page: one file that is part of the program, served compressed, with an `ETag` and a policy that lets
/// nothing run but the page's own script.
final class UploadPage: Sendable {
    private let plain: [UInt8]
    private let compressed: [UInt8]
    private let tag: EntityTag
    private let policy: String

    init() {
        plain = PackageResources.index_html
        compressed = Gzip.compress(plain)
        tag = EntityTag(Base64.encode(Digest.sha256(plain)[..<12]))
        let script = UploadPage.hashes(of: "script", in: plain)
        let style = UploadPage.hashes(of: "style", in: plain)
        policy =
            "default-src 'none'; script-src \(script); style-src \(style); connect-src 'self'; img-src 'self' data:; "
            + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }

    /// The answer to a `GET`.
    func answer(ifNoneMatch: String?, gzip: Bool) -> (head: ResponseHead, body: [UInt8]) {
        let isUnchanged = ifNoneMatch.map { tag.isListed(inIfNoneMatch: $0) } ?? false
        var head = ResponseHead(isUnchanged ? .notModified : .ok)
        head.set("ETag", tag.description)
        head.set("Vary", "Accept-Encoding")
        head.set("Cache-Control", "no-cache")
        if isUnchanged { return (head, []) }
        head.set("Content-Type", "text/html; charset=utf-8")
        head.set("Content-Security-Policy", policy)
        head.set("X-Content-Type-Options", "nosniff")
        head.set("Referrer-Policy", "no-referrer")
        if gzip { head.set("Content-Encoding", "gzip") }
        return (head, gzip ? compressed : plain)
    }

    /// The policy's sources for the inline elements of one kind: digests of their content (CSP3 section 2.3.1).
    private static func hashes(of element: String, in page: [UInt8]) -> String {
        let (open, close) = (Array("<\(element)>".utf8), Array("</\(element)>".utf8))
        var sources: [String] = []
        var position = 0
        while let start = find(open, in: page, from: position),
            let end = find(close, in: page, from: start + open.count)
        {
            let digest = Digest.sha256(Array(page[(start + open.count)..<end]))
            sources.append("'sha256-\(Base64.encode(digest))'")
            position = end
        }
        return sources.isEmpty ? "'none'" : sources.joined(separator: " ")
    }

    private static func find(_ needle: [UInt8], in page: [UInt8], from start: Int) -> Int? {
        guard page.count >= needle.count else { return nil }
        return (start...(page.count - needle.count)).first { page[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
