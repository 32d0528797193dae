public import HTTP
internal import Uploads

/// What the answer of an application means that was asked who sends a request (forward auth).
///
/// | status | |
/// |---|---|
/// | 2xx | lets pass; the fields say for whom, and how much |
/// | 3xx (but 304), 4xx | refuses; the client gets status, `WWW-Authenticate`, `Location`, `Set-Cookie`, `Retry-After` and a text |
/// | anything else | is no answer |
///
/// | field | as the claim |
/// |---|---|
/// | `X-Sluice-Owner`, or another one | `sub`; required |
/// | `X-Sluice-Scope` | `scope`; commas are spaces |
/// | `X-Sluice-Max-Size`, `-Max-Bytes`, `-Max-Files`, `-Max-Open`, `-Max-Rate` | `max_size`, … |
/// | `X-Sluice-Upload` | `upload` |
///
/// A field of these that is not of its kind makes the whole no answer. The owner's name is UTF-8 and nothing else: read
/// in a second way where the first one fails, two users of an application could come to one name.
public struct ForwardRules: Sendable {
    /// Why an answer means nothing; for the log.
    public struct Fault: Error, Equatable, Sendable {
        /// One line.
        public let description: String
    }

    /// The field in which the application says whose request it is, unless an option names another.
    public static let ownerFieldStandard = "X-Sluice-Owner"

    private let ownerField: FieldName

    /// Nil where the name is no field's.
    public init?(ownerField name: String = ForwardRules.ownerFieldStandard) {
        guard let field = FieldName(told: name) else { return nil }
        ownerField = field
    }

    /// Who sends the request that was asked about.
    ///
    /// - Parameter content: of the answer.
    /// - Throws: why that is not known.
    public func verdict(
        _ status: Status, _ fields: FieldSection, content: [UInt8]
    ) throws(Fault) -> ForwardVerdict {
        switch status.code {
        case 200...299: return .passes(try principal(status, fields))
        case 300...303, 305...499: return .refuses(ForwardRefusal(status, fields, content: content))
        default: throw Fault(description: "answers \(status)")
        }
    }

    private func principal(_ status: Status, _ fields: FieldSection) throws(Fault) -> Principal {
        guard let bytes = fields.bytes(ownerField), !bytes.isEmpty else {
            throw Fault(description: "answers \(status) and does not say whose request it is (\(ownerField.spelling))")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(description: "answers \(status) with a \(ownerField.spelling) that is not UTF-8")
        }
        // What would have to be changed to be safe would no longer be what was said.
        guard fields.count(of: ownerField) == 1, text.streamSafe.utf8.count == bytes.count, let owner = Owner(text)
        else { throw Fault(description: "answers \(status) with a \(ownerField.spelling) that is no owner's name") }
        return Principal(
            owner: owner, scopes: ForwardRules.scopes(fields),
            sizeMax: try ForwardRules.count(ForwardRules.maxSize, fields),
            limits: OwnerLimits(
                bytesMax: try ForwardRules.count(ForwardRules.maxBytes, fields),
                filesMax: try ForwardRules.count(ForwardRules.maxFiles, fields),
                openMax: try ForwardRules.count(ForwardRules.maxOpen, fields)),
            rateMax: try ForwardRules.count(ForwardRules.maxRate, fields, from: 1),
            upload: try ForwardRules.upload(fields))
    }

    /// Words with spaces between them, or commas, as several lines of one field have.
    private static func scopes(_ fields: FieldSection) -> Scopes {
        guard let words = fields.text(scope) else { return .usual }
        return Scopes(words: String(words.map { $0 == "," ? " " : $0 }))
    }

    private static func count(
        _ name: FieldName, _ fields: FieldSection, from least: Int64 = 0
    ) throws(Fault) -> Int64? {
        switch fields.decimal(name) {
        case .absent: return nil
        case .value(let count) where count >= least: return count
        default: throw Fault(description: "answers with a \(name.spelling) that is no number of the kind")
        }
    }

    private static func upload(_ fields: FieldSection) throws(Fault) -> UploadID? {
        guard let text = fields.text(uploadID) else { return nil }
        guard let id = UploadID(text) else {
            throw Fault(description: "answers with an \(uploadID.spelling) that is no upload's id")
        }
        return id
    }

    private static let scope = FieldName("X-Sluice-Scope")
    private static let maxSize = FieldName("X-Sluice-Max-Size")
    private static let maxBytes = FieldName("X-Sluice-Max-Bytes")
    private static let maxFiles = FieldName("X-Sluice-Max-Files")
    private static let maxOpen = FieldName("X-Sluice-Max-Open")
    private static let maxRate = FieldName("X-Sluice-Max-Rate")
    private static let uploadID = FieldName("X-Sluice-Upload")
}
