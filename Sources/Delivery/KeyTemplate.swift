internal import Storage

/// What the keys of objects look like: `{owner}/{yyyy}-{mm}/{id}/{name}`.
///
/// Every key has the upload's id, so no two uploads ever meet under one, and what is removed of one is nobody else's.
/// What is filled in leads nowhere else: an owner's name is one segment, whatever it holds.
public struct KeyTemplate: Sendable, Equatable {
    private let pieces: [TemplatePiece]

    /// What is meant without one.
    public static let standard = "{id}/{name}"

    /// - Throws: why that is no template, as the end of a sentence.
    public init(_ text: String) throws(TemplateFault) {
        guard text.utf8.count <= DeliveryLimits.templateBytesMax else {
            throw TemplateFault("has more than \(DeliveryLimits.templateBytesMax) bytes")
        }
        let pieces = try TemplatePiece.pieces(of: text)
        guard pieces.contains(.id) else { throw TemplateFault("must have {id}: two files may have the same name") }
        try TemplatePiece.checkSegments(of: text)
        self.pieces = pieces
    }

    /// The key of an event's file: by the day on which it was finished, in UTC.
    func key(_ event: UploadEvent) -> String { pieces.map { $0.text(of: event) }.joined() }
}
