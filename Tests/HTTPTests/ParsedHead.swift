import HTTP

/// What a parser made of some bytes, in a form that can be compared.
enum ParsedHead: Equatable, CustomStringConvertible {
    case head(String, consumed: Int)
    case refused(HTTPParseError)
    case unfinished

    var description: String {
        switch self {
        case .head(let text, let consumed): "\(text) [\(consumed)]"
        case .refused(let error): error.code
        case .unfinished: "unfinished"
        }
    }

    /// Feeds `bytes` in pieces that end at `cuts`, as a connection would.
    init(_ bytes: [UInt8], cuts: [Int] = []) {
        var parser = RequestParser()
        var consumed = 0
        do {
            for end in cuts + [bytes.count] {
                consumed += try parser.consume(bytes.span.extracting(consumed..<end))
                if let head = parser.takeHead() {
                    self = .head(ParsedHead.describe(head), consumed: consumed)
                    return
                }
                if consumed != end { break }
            }
            self = .unfinished
        } catch {
            self = .refused(error)
        }
    }

    /// Every property of a head.
    static func describe(_ head: RequestHead) -> String {
        var text = "\(head.method) \(head.target.path) \(head.target.query ?? "-") \(head.version) \(head.framing)"
        text += " \(head.host) \(head.keepsAlive ? "stay" : "close")\(head.expectsContinue ? " expect" : "")"
        for (name, value) in head.fields { text += "|\(name):\(value)" }
        return text
    }
}

/// A head parsed in one piece, for tests of what heads say.
func parsed(_ text: String) throws -> RequestHead {
    var parser = RequestParser()
    _ = try parser.consume(Array(text.utf8).span)
    guard let head = parser.takeHead() else { throw HTTPParseError.badRequestLine }
    return head
}

extension String {
    /// The text's bytes, one for each scalar below 256: lets a table hold bytes that are not UTF-8.
    var latin1: [UInt8] { unicodeScalars.map { UInt8($0.value) } }
}
