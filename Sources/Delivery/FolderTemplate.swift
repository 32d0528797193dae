public import Storage
internal import Uploads

/// Where files stand below a directory: `/srv/files/{owner}/{yyyy}-{mm}/{id}/{name}`.
///
/// The directory is what stands before the first segment with something to fill in; it is there already. Nothing that
/// is filled in leads out of it, is hidden, or is too long for a name: an owner's name is one segment or a part of one,
/// whatever it holds, and a file's is as clean as it is here.
public struct FolderTemplate: Sendable, Equatable {
    /// The directory, absolute.
    public let root: String
    private let segments: [[TemplatePiece]]
    private let collision: NameCollision

    /// - Throws: why that is no template, as the end of a sentence.
    public init(_ text: String, collision: NameCollision) throws(TemplateFault) {
        guard text.utf8.first == UInt8(ascii: "/") else { throw TemplateFault("is no absolute path") }
        guard text.utf8.count <= DeliveryLimits.folderTemplateBytesMax else {
            throw TemplateFault("has more than \(DeliveryLimits.folderTemplateBytesMax) bytes")
        }
        let below = String(text.dropFirst())
        try TemplatePiece.checkSegments(of: below)
        let pieces = try TemplatePiece.pieces(of: below)
        guard pieces.contains(.id) || pieces.contains(.name) else { throw TemplateFault("must have {id} or {name}") }
        let parts = below.split(separator: "/").map(String.init)
        let fixed = parts.prefix { !$0.contains("{") }
        guard !fixed.isEmpty else { throw TemplateFault("has no directory before its first {") }
        var segments: [[TemplatePiece]] = []
        for part in parts.dropFirst(fixed.count) {
            guard part.utf8.first != UInt8(ascii: ".") else { throw TemplateFault("has a segment with a dot in front") }
            let segment = try TemplatePiece.pieces(of: part)
            let own = segment.reduce(0) { if case .text(let text) = $1 { $0 + text.utf8.count } else { $0 } }
            guard own <= DeliveryLimits.segmentTextBytesMax else {
                let most = DeliveryLimits.segmentTextBytesMax
                throw TemplateFault("has a segment with more than \(most) bytes of its own")
            }
            segments.append(segment)
        }
        guard pieces.contains(.id) || !FolderTemplate.mixesOwners(segments) else {
            throw TemplateFault("needs {id}, or {owner} as a directory of its own: files of two owners would meet")
        }
        root = "/" + fixed.joined(separator: "/")
        self.segments = segments
        self.collision = collision
    }

    /// Whether two owners may come to one place though it is said whose a file is: where an owner's name and something
    /// else are in one segment, or it is in the last one, which is made clean.
    private static func mixesOwners(_ segments: [[TemplatePiece]]) -> Bool {
        guard let index = segments.firstIndex(where: { $0.contains(.owner) }) else { return false }
        let isAlone = segments[index].allSatisfy { if case .text = $0 { true } else { $0 == .owner } }
        return !isAlone || index == segments.count - 1
    }

    /// Where an event's file is to stand: by the day on which it was finished, in UTC.
    func place(_ event: UploadEvent) -> FolderPlace {
        var names = segments.map { FolderTemplate.text($0, event) }
        let name = CleanName(names.removeLast())
        return FolderPlace(root: root, folders: names, name: name, collision: collision)
    }

    /// A segment of 200 bytes at most, as file names here: of what is filled in the file's name is shortened, and an
    /// owner's where that does not do.
    private static func text(_ pieces: [TemplatePiece], _ event: UploadEvent) -> String {
        var texts = pieces.map { $0.text(of: event) }
        func others() -> Int { zip(pieces, texts).reduce(0) { $0 + ($1.0 == .name ? 0 : $1.1.utf8.count) } }
        let room = UploadLimits.nameBytesMax - (pieces.contains(.name) ? DeliveryLimits.nameBytesMin : 0)
        if others() > room, let index = pieces.firstIndex(of: .owner) {
            texts[index] = TemplatePiece.segment(event.owner?.description, bytesMax: 0)
        }
        if let index = pieces.firstIndex(of: .name) {
            texts[index] = event.name.shortened(to: UploadLimits.nameBytesMax - others()).description
        }
        return texts.joined()
    }
}
