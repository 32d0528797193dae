/// An element of a small XML document: what a bucket answers.
///
/// Read by a strict reader of its own. The parser at hand is libxml2's behind FoundationXML, which would bring
/// Foundation and a large library of C into the process for a dozen element names; and what must not be had of XML
/// (document types, entities of one's own, inclusions) is easier not written than switched off. What the reader does
/// not know is refused, not skipped.
struct XMLElement: Equatable {
    /// Without a prefix.
    let name: String
    /// The text in it, where there are no elements in it.
    var text = ""
    var children: [XMLElement] = []

    /// Nil where that is no whole document, or more than a bucket has to say.
    init?(document bytes: [UInt8]) {
        var reader = XMLReader(bytes)
        guard let element = reader.document() else { return nil }
        self = element
    }

    init(name: String) { self.name = name }

    /// The text of the first element of that name in it.
    func text(_ name: String) -> String? { children.first { $0.name == name }?.text }

    /// The elements of that name in it.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// A text as it stands in a document.
    static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
