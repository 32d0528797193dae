internal import HTTP
internal import Storage
internal import TLS
internal import Uploads

/// A piece of a template of places: text, or what is filled in for each file. What is filled in leads nowhere else.
enum TemplatePiece: Equatable, Sendable {
    case text(String)
    case owner, year, month, day, id, name

    private static let words: [String: TemplatePiece] = [
        "owner": .owner, "yyyy": .year, "mm": .month, "dd": .day, "id": .id, "name": .name,
    ]

    /// - Throws: why that is no template, as the end of a sentence.
    static func pieces(of text: String) throws(TemplateFault) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw TemplateFault("has a { without its }") }
                let word = String(rest[rest.index(after: rest.startIndex)..<end])
                guard let piece = words[word] else {
                    throw TemplateFault("has {\(word)}; it may have {owner}, {yyyy}, {mm}, {dd}, {id} and {name}")
                }
                if pieces.contains(piece) { throw TemplateFault("has {\(word)} twice") }
                pieces.append(piece)
                rest = rest[rest.index(after: end)...]
            } else {
                let plain = rest.prefix { $0 != "{" }
                if plain.contains("}") { throw TemplateFault("has a } without its {") }
                pieces.append(.text(String(plain)))
                rest = rest[plain.endIndex...]
            }
        }
        return pieces
    }

    /// - Throws: where it leads elsewhere than it seems to.
    static func checkSegments(of text: String) throws(TemplateFault) {
        guard !text.unicodeScalars.contains(where: { $0 == "\\" || $0.properties.generalCategory == .control }) else {
            throw TemplateFault("has a \\ or a control character")
        }
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            if segment.isEmpty { throw TemplateFault("has an empty segment: / at an end, or twice") }
            if segment == "." || segment == ".." { throw TemplateFault("has a segment \(segment)") }
        }
    }

    /// What stands there for an event's file: of the day on which it was finished, in UTC.
    func text(of event: UploadEvent) -> String {
        let date = Timestamp.text(milliseconds: event.milliseconds)
        return switch self {
        case .text(let text): text
        case .owner: TemplatePiece.segment(event.owner?.description)
        case .year: String(date.prefix(4))
        case .month: String(date.dropFirst(5).prefix(2))
        case .day: String(date.dropFirst(8).prefix(2))
        case .id: event.upload.description
        case .name: event.name.description
        }
    }

    /// An owner's name as one segment that stands for no other owner: `/`, `\`, `%` and dots that begin it are
    /// encoded. Nobody is `_`.
    ///
    /// - Parameter bytesMax: a longer one is told by its digest, 72 bytes.
    static func segment(_ owner: String?, bytesMax: Int = DeliveryLimits.ownerBytesMax) -> String {
        guard let owner else { return "_" }
        if owner == "_" { return "%5F" }
        var bytes: [UInt8] = []
        var isAtStart = true
        for byte in owner.utf8 {
            let isDot = byte == UInt8(ascii: ".")
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%")
                || isDot && isAtStart
            {
                bytes += Array("%\(HexText.lowercase([byte]).uppercased())".utf8)
            } else {
                bytes.append(byte)
            }
            isAtStart = isAtStart && isDot
        }
        guard bytes.count <= bytesMax else {
            return "%sha256-\(HexText.lowercase(Digest.sha256(Array(owner.utf8))))"
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
