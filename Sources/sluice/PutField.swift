/// A field that `sluice put --header` adds to requests.
struct PutField {
    let name: String
    let value: String

    /// Fields that the client says itself: a second one would contradict it.
    private static let own: Set<String> = [
        "connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding", "upgrade",
        "proxy-authorization",
    ]

    /// Reads `Name: value`; nil unless it is one, in printable ASCII.
    init?(_ text: String) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = text[..<colon]
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        guard !name.isEmpty, name.utf8.allSatisfy(PutField.isNameByte),
            value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        (self.name, self.value) = (String(name), String(value))
    }

    var isOwn: Bool { PutField.own.contains(name.lowercased()) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
