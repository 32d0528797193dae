public import HTTPClient
internal import HTTP

/// Where a bucket is, and how its objects are called there.
public struct BucketAddress: Sendable, Equatable {
    /// How a bucket is named in an address.
    public enum Style: String, CaseIterable, Sendable {
        /// `https://host/bucket/key`
        case path
        /// `https://bucket.host/key`
        case host
    }

    /// Its name.
    public let bucket: String
    /// What signatures name; servers of one's own mostly take any.
    public let region: String
    let endpoint: HTTPURL
    let style: Style

    /// - Parameters:
    ///   - endpoint: nil for Amazon's own of the region.
    ///   - style: nil for what the endpoint wants: Amazon the host, others mostly the path.
    /// - Throws: what is wrong, as the end of a sentence.
    public init(
        bucket: String, endpoint: HTTPURL?, region: String, style: Style?
    ) throws(TemplateFault) {
        guard (3...255).contains(bucket.utf8.count), bucket.utf8.first?.isLetterOrDigit == true,
            bucket.utf8.last?.isLetterOrDigit == true,
            bucket.utf8.allSatisfy({ $0.isLetterOrDigit || "._-".utf8.contains($0) })
        else { throw TemplateFault("names no bucket: letters, digits, '.', '_' and '-', three at least") }
        guard !region.isEmpty, region.utf8.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }) else {
            throw TemplateFault("needs a region of letters, digits and '-'")
        }
        // A certificate for *.host does not hold for a bucket with a dot.
        let style = style ?? (endpoint == nil && !bucket.contains(".") ? .host : .path)
        guard let found = endpoint ?? HTTPURL("https://s3.\(region).amazonaws.com") else {
            throw TemplateFault("has a region that no host is called by")
        }
        guard found.target == "/" else { throw TemplateFault("needs an endpoint without a path") }
        let name = found.host
        let scheme = found.usesTLS ? "https" : "http"
        let host = style == .host ? "\(scheme)://\(bucket).\(name):\(found.port)" : "\(scheme)://\(found.authority)"
        guard let url = HTTPURL(host), style == .path || !name.contains(":") else {
            throw TemplateFault("cannot be named as a host: take the style path")
        }
        self.bucket = bucket
        self.region = region
        self.endpoint = url
        self.style = style
    }

    /// The address of an object, or of the bucket itself, with a query that is encoded already.
    func url(key: String?, query: String = "") -> HTTPURL? {
        var path = style == .path ? "/\(bucket)" : ""
        if let key { path += "/" + URIText.encoded(key, keepsSlashes: true) }
        if path.isEmpty { path = "/" }
        let scheme = endpoint.usesTLS ? "https" : "http"
        return HTTPURL("\(scheme)://\(endpoint.authority)\(path)\(query.isEmpty ? "" : "?\(query)")")
    }

    /// Whether it is asked by https.
    public var usesTLS: Bool { endpoint.usesTLS }

    /// What the log calls it.
    public var name: String { "s3://\(bucket) at \(endpoint.authority)" }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}
