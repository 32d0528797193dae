public import HTTP

/// A request as the application is told of it that is asked who sends it.
public struct ForwardedRequest: Sendable {
    /// The fields of the question, their values byte by byte as they came: a credential in another coding is another
    /// one. The application reads them as a proxy's behind which it stands.
    public let fields: [(name: String, value: [UInt8])]
    /// Whether the credential may be a part of the address: there is no other, or a query stands behind it.
    private let isOfItsAddress: Bool

    /// - Parameters:
    ///   - client: the address of the client, as far as proxies are believed.
    ///   - host: what the client wrote into `Host`, likewise.
    ///   - isEncrypted: whether it came by TLS, likewise.
    public init(_ head: RequestHead, client: String, host: String, isEncrypted: Bool) {
        let query = head.target.query
        let uri = query.map { "\(head.target.path)?\($0)" } ?? head.target.path
        let made = [
            (name: ForwardedRequest.uri, value: uri),
            (name: "X-Forwarded-Method", value: head.method.description),
            (name: "X-Forwarded-Proto", value: isEncrypted ? "https" : "http"),
            (name: "X-Forwarded-Host", value: host),
            (name: "X-Forwarded-For", value: client),
        ]
        var fields = made.map { (name: $0.name, value: Array($0.value.utf8)) }
        if let value = head.fields.bytes(.authorization, joinedBy: UInt8(ascii: ",")) {
            fields.append((name: "Authorization", value: value))
        }
        // HTTP/2 may bring them one by one (RFC 9113 8.2.3).
        if let value = head.fields.bytes(Credential.cookieField, joinedBy: UInt8(ascii: ";")) {
            fields.append((name: "Cookie", value: value))
        }
        isOfItsAddress = query?.isEmpty == false || fields.count == made.count
        self.fields = fields
    }

    /// What tells whether an answer to one request is an answer to another: all that the application sees but for the
    /// address, unless that may be what it decides by.
    public var identity: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        for field in fields where isOfItsAddress || field.name != ForwardedRequest.uri {
            bytes.append(contentsOf: field.name.utf8)
            bytes.append(0)
            // No value holds such a byte: fields that hold one are refused with their head.
            bytes.append(contentsOf: field.value)
            bytes.append(0)
        }
        return bytes
    }

    private static let uri = "X-Forwarded-Uri"
}
