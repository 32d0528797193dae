internal import Access
internal import Events
internal import HTTP
internal import Uploads

/// What the answer to a question about an upload means.
///
/// | status | content | |
/// |---|---|---|
/// | 2xx | none, or a JSON object | yes; before a creation its `name`, `metadata` and `owner` are believed |
/// | 4xx, but 407 | any | no; the client gets status, text, `Retry-After` and `WWW-Authenticate` |
/// | anything else | | is no answer |
///
/// A member of these that is not of its kind makes the whole no answer, and so does another owner than the upload has,
/// or than whoever makes it and would not reach it then. Other members say nothing.
enum ApplicationAnswer: Equatable {
    case yes(UploadChanges)
    case refusal(ApplicationRefusal)

    /// Why an answer means nothing; for the log.
    struct Fault: Error, Equatable {
        /// One line.
        let description: String
    }

    /// - Parameter content: of the answer; nil for one that was longer than answers are read.
    init(to question: Question, _ status: Status, _ fields: FieldSection, content: [UInt8]?) throws(Fault) {
        switch status.code {
        case 200...299:
            guard let content else { throw Fault(description: "answers \(status) with more than is read") }
            self = .yes(try ApplicationAnswer.changes(question, status, content))
        // 407 is a proxy's, on the way to the application.
        case 400...406, 408...499: self = .refusal(ApplicationRefusal(status, fields, content: content))
        default: throw Fault(description: "answers \(status)")
        }
    }

    private static func changes(
        _ question: Question, _ status: Status, _ content: [UInt8]
    ) throws(Fault) -> UploadChanges {
        if content.isEmpty { return .none }
        guard case .object(let members)? = JSONValue(content) else {
            throw Fault(description: "answers \(status) with what is no JSON object")
        }
        guard question.kind == .create else { return .none }
        var changes = UploadChanges()
        changes.name = try text("name", members).map { CleanName($0) }
        changes.metadata = try metadata(members["metadata"])
        if let name = try text("owner", members) { changes.owner = try owner(name, question) }
        return changes
    }

    /// Nil where it is missing, or null.
    private static func text(_ name: String, _ members: [String: JSONValue]) throws(Fault) -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .string(let text) where !text.isEmpty: return text
        default: throw Fault(description: "answers with a \(name) that is no text")
        }
    }

    private static func metadata(_ value: JSONValue?) throws(Fault) -> String? {
        let members: [String: JSONValue]
        switch value {
        case nil, .null: return nil
        case .object(let object): members = object
        default: throw Fault(description: "answers with metadata that are no object")
        }
        var pairs: [String: String] = [:]
        for (key, value) in members {
            guard case .string(let text) = value else {
                throw Fault(description: "answers with metadata that are no texts")
            }
            pairs[key] = text
        }
        let made = TusMetadata(pairs: pairs)
        guard made.leftOutCount == 0 else {
            throw Fault(description: "answers with metadata that no client could have sent")
        }
        return made.field ?? ""
    }

    private static func owner(_ name: String, _ question: Question) throws(Fault) -> Owner {
        guard let owner = Owner(name) else { throw Fault(description: "answers with an owner that is no owner's name") }
        guard question.isOwnerOpen || owner == question.owner else {
            throw Fault(description: "names another owner than the upload has")
        }
        return owner
    }
}
