/// What a request is about: path and query (RFC 9112 3.2), kept as sent and decoded on demand.
public struct RequestTarget: Sendable {
    private let storage: [UInt8]
    private let pathStart: UInt16
    private let pathEnd: UInt16
    private let queryEnd: UInt16
    /// Also true for an absolute target without a path in an OPTIONS request, which means the same.
    private let isAsterisk: Bool
    /// Whether the request names its resource with the scheme https, which asks for a connection that fits
    /// (RFC 9110 7.4). Requests to a server itself hardly ever name a scheme.
    public let isHTTPS: Bool

    /// `form` holds ranges in `storage`, the bytes of the head.
    init(storage: [UInt8], form: TargetForm) {
        self.storage = storage
        pathStart = UInt16(form.path.lowerBound)
        pathEnd = UInt16(form.path.upperBound)
        queryEnd = UInt16(form.queryEnd)
        isAsterisk = form.isAsterisk
        isHTTPS = form.isHTTPS
    }

    private var pathBytes: ArraySlice<UInt8> { storage[Int(pathStart)..<Int(pathEnd)] }

    /// The path as sent, still percent-encoded; starts with "/", or is "*". Makes a String each time.
    public var path: String {
        if isAsterisk { return "*" }
        return pathStart == pathEnd ? "/" : String(decoding: pathBytes, as: UTF8.self)
    }

    /// What follows the first "?", as sent, perhaps empty; nil without a "?". Makes a String each time.
    public var query: String? {
        guard queryEnd > pathEnd else { return nil }
        return String(decoding: storage[Int(pathEnd) + 1..<Int(queryEnd)], as: UTF8.self)
    }

    /// The percent-decoded pieces between the slashes: none for "/" and "*", a last empty one after a trailing slash.
    /// Dots mean nothing here, and a decoded piece may hold a slash. Nil if an encoding is malformed or a piece
    /// decodes to NUL or invalid UTF-8.
    public var segments: [String]? {
        let path = pathBytes.dropFirst()
        guard !isAsterisk, !path.isEmpty else { return [] }
        var segments: [String] = []
        segments.reserveCapacity(2)
        var start = path.startIndex
        while true {
            let end = path[start...].firstIndex(of: .slash) ?? path.endIndex
            guard let text = PercentEncoding.text(path[start..<end]) else { return nil }
            segments.append(text)
            if end == path.endIndex { return segments }
            start = end + 1
        }
    }
}
