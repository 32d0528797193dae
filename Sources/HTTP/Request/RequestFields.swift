/// The head of a request, or its trailers, whose fields come one by one and already apart: HTTP/2 (RFC 9113 8.3). As
/// strict as `RequestParser`, with the same bounds and the same errors.
///
/// What is wrong with a field is kept and thrown at the end, and nothing is stored after it; so memory is bounded by
/// `HTTPLimits` whatever comes.
public struct RequestFields: Sendable {
    private var storage: [UInt8] = []
    private var lines: [FieldSection.Line] = []
    private var method: Range<Int>?
    private var path: Range<Int>?
    private var authority: Range<Int>?
    private var fault: HTTPParseError?

    /// No fields.
    public init() {}

    /// Takes the next field; names of pseudo-fields begin with a colon.
    public mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
        guard fault == nil else { return }
        // As much as the field would take as a line.
        guard storage.count + name.count + value.count + 4 <= HTTPLimits.headBytesMax else {
            fault = .headTooLong
            return
        }
        let start = storage.count
        for index in name.indices { storage.append(name[index]) }
        let middle = storage.count
        for index in value.indices { storage.append(value[index]) }
        let (nameRange, valueRange) = (start..<middle, middle..<storage.count)
        do throws(HTTPParseError) {
            guard storage[valueRange].allSatisfy(\.isText) else { throw .controlByte }
            if storage[nameRange].first == .colon {
                try addPseudo(nameRange, valueRange)
            } else {
                try addLine(nameRange, valueRange)
            }
        } catch {
            fault = error
        }
    }

    /// The head, every field having come.
    ///
    /// - Parameter endsHere: whether no content follows.
    public func head(endsHere: Bool) throws(HTTPParseError) -> RequestHead {
        if let fault { throw fault }
        guard let method, !method.isEmpty else { throw .badRequestLine }
        guard storage[method].elementsEqual("CONNECT".utf8) == false else { throw .connectUnsupported }
        guard let path else { throw .badRequestLine }
        let fields = FieldSection(storage: storage, lines: lines)
        if let authority {
            guard FieldMeaning.isHost(storage, authority), !authority.isEmpty else { throw .badHost }
            // Two hosts, and nobody knows which one others looked at (RFC 9113 8.3.1).
            if let host = fields.bytes(.host), !host.elementsEqual(storage[authority], by: { $0.folded == $1.folded }) {
                throw .repeatedHost
            }
        } else if !fields.contains(.host) {
            throw .missingHost
        }
        let line = try RequestLine(storage, method: method, target: path, authority: authority)
        return try RequestHead(line: line, fields: fields, endsHere: endsHere)
    }

    /// The trailers, every field having come.
    public func trailers() throws(HTTPParseError) -> FieldSection {
        if let fault { throw fault == .headTooLong ? .trailersTooLong : fault }
        guard storage.count <= HTTPLimits.trailerBytesMax else { throw .trailersTooLong }
        guard method == nil, path == nil, authority == nil else { throw .forbiddenTrailer }
        let section = FieldSection(storage: storage, lines: lines)
        try section.checkAsTrailers()
        return section
    }

    /// Each comes once, before the others; those that are not known are malformed.
    private mutating func addPseudo(_ name: Range<Int>, _ value: Range<Int>) throws(HTTPParseError) {
        guard lines.isEmpty else { throw .badRequestLine }
        switch String(decoding: storage[name], as: UTF8.self) {
        case ":method" where method == nil: method = value
        case ":path" where path == nil: path = value
        case ":authority" where authority == nil: authority = value
        // Who ends the encryption may be somebody else, so it is not held against what is known here.
        case ":scheme": break
        default: throw .badRequestLine
        }
    }

    private mutating func addLine(_ name: Range<Int>, _ value: Range<Int>) throws(HTTPParseError) {
        guard lines.count < HTTPLimits.fieldCountMax else { throw .tooManyFields }
        guard !name.isEmpty, storage[name].allSatisfy({ $0.isToken && $0.folded == $0 }) else { throw .badFieldName }
        let line = FieldSection.Line(name: name, value: FieldSection.trimmed(storage, value))
        guard !RequestFields.connectionFields.contains(where: { $0.matches(storage, name) }) else {
            throw .connectionField
        }
        lines.append(line)
    }

    /// What HTTP/1.1 says of its connection, and only of that (RFC 9113 8.2.2).
    private static let connectionFields = [
        FieldName.connection, FieldName("keep-alive"), FieldName("proxy-connection"), .transferEncoding,
        FieldName("upgrade"),
    ]
}
