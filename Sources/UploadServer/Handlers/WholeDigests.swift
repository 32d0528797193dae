internal import HTTP
internal import IETFDialect

/// The digests that the sender of a whole file gave with it (RFC 9530). `Content-Digest` and `Repr-Digest` are the same
/// there: the content is the file, as it is.
struct WholeDigests {
    static let none = WholeDigests()

    private let content: PromisedDigest?
    private let file: PromisedDigest?

    /// - Parameter known: what can be computed.
    /// - Throws: 400 `bad-digest`.
    init(_ fields: FieldSection, _ known: [DigestAlgorithm]) throws(Refusal) {
        content = try PromisedDigest.content(fields, known)
        file = try PromisedDigest.representation(fields, known)
    }

    private init() {
        content = nil
        file = nil
    }

    /// What has to run over the content.
    var algorithms: [BodyDigests.Algorithm] { [content, file].compactMap { $0?.algorithm.computed } }

    /// Why the file cannot be kept; nil if it is what was promised.
    func fault(_ computed: [BodyDigests.Algorithm: [UInt8]]) -> Refusal? {
        if let content, !content.matches(computed[content.algorithm.computed] ?? []) {
            return .contentDigestMismatch
        }
        if let file, !file.matches(computed[file.algorithm.computed] ?? []) {
            return .reprDigestMismatch
        }
        return nil
    }
}
