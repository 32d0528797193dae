public import HTTP

/// A request to be sent.
public struct HTTPRequest {
    /// What is asked for.
    public let method: Method
    /// Of what.
    public let url: HTTPURL
    /// Further fields; Host, length and the like are the client's own.
    public let fields: [(name: String, value: [UInt8])]
    /// The bytes that it brings, and which of them; nil for a request without content.
    let content: (source: any RequestContent, range: Range<Int64>)?
    /// Whether the content waits for a first word of the server: for an answer whose loss would be dear.
    let isPatient: Bool
    /// When all of it is given up at the latest, whatever it is waiting for; SystemClock.monotonicNanoseconds.
    let deadlineNanoseconds: Int64

    /// - Parameters:
    ///   - content: the bytes, and which of them.
    ///   - isPatient: whether the first word of the server is worth waiting for, where the content is large.
    ///   - deadlineNanoseconds: when all of it is given up, by `SystemClock.monotonicNanoseconds`; looking a name up
    ///     aside, which takes as long as the system does. Without it each step has a bound of its own only.
    public init(
        _ method: Method, _ url: HTTPURL, _ fields: [(name: String, value: String)],
        content: (source: any RequestContent, range: Range<Int64>)? = nil, isPatient: Bool = false,
        deadlineNanoseconds: Int64 = .max
    ) {
        self.init(
            method, url, bytes: fields.map { ($0.name, Array($0.value.utf8)) }, content: content, isPatient: isPatient,
            deadlineNanoseconds: deadlineNanoseconds)
    }

    /// The same with fields whose values are no text: they go out byte by byte as they are.
    public init(
        _ method: Method, _ url: HTTPURL, bytes fields: [(name: String, value: [UInt8])],
        content: (source: any RequestContent, range: Range<Int64>)? = nil, isPatient: Bool = false,
        deadlineNanoseconds: Int64 = .max
    ) {
        self.deadlineNanoseconds = deadlineNanoseconds
        self.method = method
        self.url = url
        self.fields = fields
        self.content = content
        self.isPatient = isPatient && (content?.range.count ?? 0) >= HTTPClientLimits.welcomeBytes
    }

    /// The same request to another address.
    func redirected(to url: HTTPURL) -> HTTPRequest {
        HTTPRequest(
            method, url, bytes: fields, content: content, isPatient: isPatient, deadlineNanoseconds: deadlineNanoseconds
        )
    }

    /// Whether sending it twice does no harm where nobody knows if the first one arrived. What is appended to must be
    /// asked first.
    var mayBeRepeated: Bool { method != .patch }

    /// The head on the wire. Control bytes in a value, but for tabs, become spaces, so that no file name can end a line
    /// early.
    ///
    /// - Parameter proxy: who reads it, where that is not the server: it wants the whole URL.
    func head(further: [(name: String, value: String)], proxy: Proxy?) -> [UInt8] {
        var text = Array("\(method) \(proxy == nil ? url.target : url.description) HTTP/1.1\r\n".utf8)
        var all = [(name: "Host", value: url.authority), (name: "User-Agent", value: "sluice")] + further
        if let authorization = proxy?.authorization {
            all.append((name: "Proxy-Authorization", value: authorization))
        }
        if let content {
            all.append((name: "Content-Length", value: String(content.range.count)))
        } else if method == .post || method == .patch || method == .put {
            all.append((name: "Content-Length", value: "0"))
        }
        if isPatient { all.append((name: "Expect", value: "100-continue")) }
        for field in all.map({ ($0.name, Array($0.value.utf8)) }) + fields {
            text.append(contentsOf: "\(field.0): ".utf8)
            text.append(contentsOf: field.1.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? 0x20 : $0 })
            text.append(contentsOf: "\r\n".utf8)
        }
        return text + Array("\r\n".utf8)
    }
}
