internal import HTTP
internal import Storage
internal import TLS
internal import Uploads

/// What the keys of objects look like: `{owner}/{yyyy}-{mm}/{id}/{name}`.
///
/// Every key has the upload's id, so no two uploads ever meet under one, and what is removed of one is nobody else's.
/// What is filled in leads nowhere else: an owner's name is one segment, whatever it holds.
public struct KeyTemplate: Sendable, Equatable {
    private enum Piece: Equatable {
        case text(String)
        case owner, year, month, day, id, name
    }

    private static let words: [String: Piece] = [
        "owner": .owner, "yyyy": .year, "mm": .month, "dd": .day, "id": .id, "name": .name,
    ]

    private let pieces: [Piece]

    /// What is meant without one.
    public static let standard = "{id}/{name}"

    /// - Throws: why that is no template, as the end of a sentence.
    public init(_ text: String) throws(TemplateFault) {
        guard text.utf8.count <= DeliveryLimits.templateBytesMax else {
            throw TemplateFault("has more than \(DeliveryLimits.templateBytesMax) bytes")
        }
        var pieces: [Piece] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw TemplateFault("has a { without its }") }
                let word = String(rest[rest.index(after: rest.startIndex)..<end])
                guard let piece = KeyTemplate.words[word] else {
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
        guard pieces.contains(.id) else { throw TemplateFault("must have {id}: two files may have the same name") }
        try KeyTemplate.check(text)
        self.pieces = pieces
    }

    private static func check(_ text: String) throws(TemplateFault) {
        guard !text.unicodeScalars.contains(where: { $0 == "\\" || $0.properties.generalCategory == .control }) else {
            throw TemplateFault("has a \\ or a control character")
        }
        for segment in text.split(separator: "/", omittingEmptySubsequences: false) {
            if segment.isEmpty { throw TemplateFault("has an empty segment: / at an end, or twice") }
            if segment == "." || segment == ".." { throw TemplateFault("has a segment \(segment)") }
        }
    }

    /// The key of an event's file: by the day on which it was finished, in UTC.
    func key(_ event: UploadEvent) -> String {
        let date = Timestamp.text(milliseconds: event.milliseconds)
        return pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .owner: KeyTemplate.segment(event.owner?.description)
            case .year: String(date.prefix(4))
            case .month: String(date.dropFirst(5).prefix(2))
            case .day: String(date.dropFirst(8).prefix(2))
            case .id: event.upload.description
            case .name: event.name.description
            }
        }.joined()
    }

    /// An owner's name as one segment that stands for no other owner: `/`, `\`, `%` and dots that begin it are
    /// encoded. Nobody is `_`.
    static func segment(_ owner: String?) -> String {
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
        guard bytes.count <= DeliveryLimits.ownerBytesMax else {
            return "%sha256-\(HexText.lowercase(Digest.sha256(Array(owner.utf8))))"
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
