import HTTP

/// What a `RequestParser` made of some bytes, in a form that can be compared.
struct RequestReading: Equatable, CustomStringConvertible {
    private(set) var heads: [RequestHead] = []
    /// One past each head's last byte.
    private(set) var ends: [Int] = []
    /// Why it stopped, if it did.
    private(set) var error: HTTPParseError?
    /// Nothing of a further head has come.
    private(set) var isIdle = false

    /// Feeds the bytes in pieces that end at `cuts`.
    init(_ bytes: [UInt8], cuts: [Int] = []) {
        var parser = RequestParser()
        var position = 0
        do {
            for end in cuts + [bytes.count] {
                while position < end {
                    let eaten = try parser.consume(bytes.span.extracting(position..<end))
                    position += eaten
                    if let head = parser.takeHead() {
                        heads.append(head)
                        ends.append(position)
                    } else {
                        require(position == end, "a parser eats all up to the end of a head")
                    }
                }
            }
            isIdle = parser.isIdle
        } catch {
            self.error = error
            let again = Result { () throws(HTTPParseError) in try parser.consume([65].span) }
            require(again == .failure(error), "a verdict stands")
        }
    }

    var description: String {
        let lines = zip(heads, ends).map { "\(RequestReading.describe($0)) [\($1)]" }
        return (lines + [error?.code ?? (isIdle ? "idle" : "unfinished")]).joined(separator: "\n")
    }

    static func == (left: RequestReading, right: RequestReading) -> Bool { left.description == right.description }

    private static func describe(_ head: RequestHead) -> String {
        var text = "\(head.method) \(head.target.path) \(head.target.query ?? "-") \(head.version) \(head.framing)"
        text += " \(head.host) \(head.keepsAlive ? "stay" : "close")\(head.expectsContinue ? " expect" : "")"
        for (name, value) in head.fields { text += "|\(name):\(value)" }
        return text
    }
}
