internal import HTTP
internal import Uploads

/// What stands behind the question mark of an admin address. What is not known there is refused: a filter that is
/// ignored would show, or remove, too much.
struct AdminQuery {
    private var values: [String: String] = [:]

    /// - Parameter names: which there may be.
    init(_ target: RequestTarget, _ names: Set<String>) throws(Refusal) {
        for pair in Array((target.query ?? "").utf8).split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: parts[0], as: UTF8.self)
            // The one who asks may say who they are there, too.
            if name == "token" { continue }
            guard names.contains(name), values[name] == nil, parts.count == 2,
                let bytes = PercentEncoding.decode(Array(parts[1])),
                let value = String(validating: bytes, as: UTF8.self)
            else { throw AdminQuery.fault("This address does not take '\(name)', or not like this.") }
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// A whole number within bounds.
    func number(_ name: String, in range: ClosedRange<Int64>) throws(Refusal) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw AdminQuery.fault("\(name) takes a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// An owner's name.
    func owner() throws(Refusal) -> Owner? {
        guard let text = values["owner"] else { return nil }
        guard let owner = Owner(text) else { throw UsageHandler.badOwner }
        return owner
    }

    static func fault(_ text: String) -> Refusal { Refusal(.badRequest, code: "bad-query", text) }
}
