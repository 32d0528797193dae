internal import HTTP

/// A request to be sent.
struct Request {
    let method: Method
    let url: UploadURL
    let fields: [(name: String, value: String)]
    /// The bytes of the file that are its content; nil for a request without content.
    let range: Range<Int64>?
    /// Whether the content waits for a first word of the server: for an answer whose loss would be dear.
    let isPatient: Bool

    /// - Parameter isPatient: whether the first word of the server is worth waiting for, where the content is large.
    init(
        _ method: Method, _ url: UploadURL, _ fields: [(name: String, value: String)], content: Range<Int64>? = nil,
        isPatient: Bool = false
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.isPatient = isPatient && (content?.count ?? 0) >= ClientLimits.welcomeBytes
        range = content
    }

    /// The head on the wire. Control bytes in a value become spaces, so that no file name can end a line early.
    func head(further: [(name: String, value: String)]) -> [UInt8] {
        var text = Array("\(method) \(url.target) HTTP/1.1\r\n".utf8)
        var all = [(name: "Host", value: url.authority), (name: "User-Agent", value: "sluice")] + further + fields
        if let range {
            all.append((name: "Content-Length", value: String(range.count)))
        } else if method == .post || method == .patch {
            all.append((name: "Content-Length", value: "0"))
        }
        if isPatient { all.append((name: "Expect", value: "100-continue")) }
        for field in all {
            text.append(contentsOf: "\(field.name): ".utf8)
            text.append(contentsOf: field.value.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 })
            text.append(contentsOf: "\r\n".utf8)
        }
        return text + Array("\r\n".utf8)
    }
}
