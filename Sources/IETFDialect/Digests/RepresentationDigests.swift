internal import HTTP

/// What is to be known of the whole file once it is there: the digest its client promised, and the one it asked for
/// (`Repr-Digest`, `Want-Repr-Digest` of RFC 9530).
///
/// Said with the creation, needed when the file is complete, perhaps days later: kept in the upload's metadata.
public struct RepresentationDigests: Hashable, Sendable {
    /// To be verified before the file is delivered.
    public private(set) var promised: PromisedDigest?
    /// To be told with the final answer.
    public private(set) var wanted: DigestAlgorithm?

    /// What has to run over the whole file, each once.
    public var algorithms: Set<DigestAlgorithm> { Set([promised?.algorithm, wanted].compactMap(\.self)) }

    init(_ fields: FieldSection, _ known: [DigestAlgorithm]) throws(Refusal) {
        promised = try PromisedDigest(UploadField.reprDigest, in: fields, known)
        wanted = RepresentationDigests.wanted(fields, known)
    }

    /// Reads what `metadata` wrote. What else stands there means nothing, nor does a digest that cannot be computed any
    /// more.
    public init(metadata: String?, _ known: [DigestAlgorithm] = DigestAlgorithm.allCases) {
        for line in (metadata ?? "").pieces(between: "\n") {
            let words = line.pieces(between: " ", piecesMax: 2)
            guard words.count == 2 else { continue }
            switch words[0] {
            case "repr-digest": promised = PromisedDigest(words[1])
            case "want-repr-digest": wanted = DigestAlgorithm.allCases.first { $0.key == words[1] }
            default: continue
            }
        }
        if let promised, !known.contains(promised.algorithm) { self.promised = nil }
        if let wanted, !known.contains(wanted) { self.wanted = nil }
    }

    /// For `Upload.metadata`; nil if there is nothing to remember.
    public var metadata: String? {
        var lines: [String] = []
        if let promised { lines.append("repr-digest \(promised)") }
        if let wanted { lines.append("want-repr-digest \(wanted.key)") }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// What the creation said stands; an append may add what it left open.
    func adding(_ later: RepresentationDigests) -> RepresentationDigests {
        var sum = self
        sum.promised = promised ?? later.promised
        sum.wanted = wanted ?? later.wanted
        return sum
    }

    /// The most wanted digest that is safe to give: preferences are 1 to 10, and 0 means never (RFC 9530 section 4).
    private static func wanted(_ fields: FieldSection, _ known: [DigestAlgorithm]) -> DigestAlgorithm? {
        guard fields.contains(UploadField.wantReprDigest),
            let members = StructuredField.dictionary(UploadField.wantReprDigest, in: fields)
        else { return nil }
        var best: (algorithm: DigestAlgorithm, preference: Int64)?
        for algorithm in DigestAlgorithm.allCases where algorithm.isActive && known.contains(algorithm) {
            guard case .integer(let preference)? = members.first(where: { $0.key == algorithm.key })?.value,
                (1...10).contains(preference), preference > best?.preference ?? 0
            else { continue }
            best = (algorithm, preference)
        }
        return best?.algorithm
    }
}
