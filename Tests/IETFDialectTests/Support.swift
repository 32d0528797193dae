import HTTP
import IETFDialect
import Uploads

/// A request head as the server's parser reads it.
func request(_ line: String, _ fields: [String] = [], http: String = "HTTP/1.1") throws -> RequestHead {
    var parser = RequestParser()
    let text = (["\(line) \(http)", "Host: upload.example"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    _ = try parser.consume(Array(text.utf8).span)
    guard let head = parser.takeHead() else { throw HTTPParseError.badRequestLine }
    return head
}

/// The field by which a client names its version; none for the unversioned, which the RFC will be.
func interop(_ version: InteropVersion) -> [String] {
    version == .unversioned ? [] : ["Upload-Draft-Interop-Version: \(version.rawValue)"]
}

/// How a client of this version says whether its content is the end.
func completeness(_ version: InteropVersion, _ isComplete: Bool) -> String {
    version == .draft3
        ? "Upload-Incomplete: \(isComplete ? "?0" : "?1")" : "Upload-Complete: \(isComplete ? "?1" : "?0")"
}

let allVersions = InteropVersion.allCases
let policy = IETFPolicy(sizeMax: 1000)
let now: Int64 = 1_800_000_000
let uploadID = UploadID(high: 1, low: 2)
let location = "/files/\(uploadID)"

func upload(
    _ state: UploadState = .open, offset: Int64 = 40, length: Int64? = 100, dialect: DialectName = .ietf,
    metadata: String? = nil, expires: Int64? = nil
) -> Upload {
    Upload(
        id: uploadID, dialect: dialect, state: state, offset: Offset(offset), length: length, name: CleanName("a.bin"),
        metadata: metadata, createdSeconds: now - 60, expiresSeconds: expires)
}

/// An answer as a client reads it.
struct Answer {
    let status: Int
    let fields: [(name: String, value: String)]
    let body: String

    init(_ head: ResponseHead, body: String = "") {
        var bytes: [UInt8] = []
        head.write(into: &bytes, date: nil)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        status = Int(lines[0].split(separator: " ")[1])!
        fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":")!
            return (line[..<colon].lowercased(), String(line[line.index(colon, offsetBy: 2)...]))
        }
        self.body = body
    }

    init(_ refusal: Refusal) {
        self.init(refusal.responseHead, body: String(decoding: refusal.bodyBytes, as: UTF8.self))
    }

    init?(_ refusal: Refusal?) {
        guard let refusal else { return nil }
        self.init(refusal)
    }

    /// The values of a field, joined; nil if it is not there.
    subscript(name: String) -> String? {
        let values = fields.filter { $0.name == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// What this answer says of completeness, in its version's words.
    func isComplete(_ version: InteropVersion) -> Bool? {
        let field = version == .draft3 ? self["Upload-Incomplete"] : self["Upload-Complete"]
        return field.map { ($0 == "?1") != (version == .draft3) }
    }
}

/// A creation at a collection, of `length` bytes of content (nil: chunked).
func creation(
    _ version: InteropVersion = .draft9, last: Bool = true, content: Int64? = 100, adding more: [String] = [],
    line: String = "POST /files", pathName: String? = nil, policy: IETFPolicy = policy
) throws -> IETFCreationRequest {
    let framing = content.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked"
    return try IETFCreationRequest(
        request(line, interop(version) + [completeness(version, last), framing] + more), pathName: pathName,
        policy: policy)
}

/// An append as a client of this version sends it.
func append(
    _ version: InteropVersion = .draft9, at offset: Int64? = 40, last: Bool? = true, content: Int64? = 60,
    adding more: [String] = [], type: String? = "application/partial-upload", policy: IETFPolicy = policy
) throws -> IETFAppendRequest {
    var fields = interop(version) + more
    if let offset { fields.append("Upload-Offset: \(offset)") }
    if let last { fields.append(completeness(version, last)) }
    if let type { fields.append("Content-Type: \(type)") }
    fields.append(content.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked")
    return try IETFAppendRequest(request("PATCH \(location)", fields), policy: policy)
}

/// A row of a table of lengths: is it the last content, bytes of content (nil: chunked), further fields, a length.
typealias LengthRow = (last: Bool, content: Int64?, fields: [String], length: Int64?)

extension IETFAppendDecision {
    init(_ request: IETFAppendRequest, _ upload: Upload?) throws(Refusal) {
        try self.init(request, upload: upload, nowSeconds: now)
    }

    var transfer: Transfer? {
        if case .append(let transfer, _) = self { transfer } else { nil }
    }

    var recordedLength: Int64? {
        if case .append(_, let length) = self { length } else { nil }
    }
}
