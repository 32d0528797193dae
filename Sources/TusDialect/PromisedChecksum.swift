internal import HTTP

/// One value of `Upload-Checksum`: what the client says its body comes to.
public struct PromisedChecksum: Hashable, Sendable {
    /// How the digest was computed.
    public let algorithm: ChecksumAlgorithm
    /// `algorithm.digestBytes` bytes.
    public let digest: [UInt8]

    /// Reads `algorithm SP base64`.
    ///
    /// - Throws: 400 `checksum-algorithm` for one that is not offered, 400 `bad-checksum` for what is malformed or of
    ///   another size.
    init(_ field: String, offer: TusOffer) throws(Refusal) {
        let words = field.pieces(between: " ")
        guard words.count == 2 else { throw PromisedChecksum.malformed }
        guard let algorithm = offer.algorithms.first(where: { $0.rawValue == words[0] }) else {
            let names = offer.algorithms.map(\.rawValue).joined(separator: ", ")
            throw .tus(
                .badRequest, code: "checksum-algorithm",
                names.isEmpty ? "This server checks no checksums." : "Upload-Checksum may be one of \(names).")
        }
        guard let digest = Base64.decode(words[1]), digest.count == algorithm.digestBytes else {
            throw PromisedChecksum.malformed
        }
        self.algorithm = algorithm
        self.digest = digest
    }

    private static var malformed: Refusal {
        .tus(.badRequest, code: "bad-checksum", "Upload-Checksum takes an algorithm, a space, the digest in base64.")
    }
}
