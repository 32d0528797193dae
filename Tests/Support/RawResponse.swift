/// An answer as it came over the wire.
public struct RawResponse: Sendable {
    public let status: Int
    /// The reason phrase.
    public let reason: String
    /// In the order of sending.
    public let fields: [(name: String, value: String)]
    public var body: [UInt8] = []
    /// The 1xx answers before this one.
    public var interim: [RawResponse] = []

    /// The one value of a field, whatever the case of its name; nil if it is not there, or not alone.
    public subscript(_ name: String) -> String? {
        let found = fields.filter { $0.name.lowercased() == name.lowercased() }
        return found.count == 1 ? found[0].value : nil
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// Parses status line and fields, the blank line included.
    init(head: [UInt8]) throws {
        // Latin-1, so that no byte is lost.
        let text = String(String.UnicodeScalarView(head.map { Unicode.Scalar($0) }))
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)
        let words = lines.first?.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false) ?? []
        guard words.count == 3, words[0] == "HTTP/1.1", words[1].count == 3, let status = Int(words[1]) else {
            throw RawClient.Failure.malformed(text)
        }
        self.status = status
        reason = String(words[2])
        fields = try lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: ":"), line[line.index(after: colon)...].first == " " else {
                throw RawClient.Failure.malformed(String(line))
            }
            return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
        }
    }
}
