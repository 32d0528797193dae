public import HTTP

/// A digest that a client gave in advance, or that it is given.
public struct PromisedDigest: Hashable, Sendable {
    /// What to run over the bytes.
    public let algorithm: DigestAlgorithm
    /// What it must come to; exactly `algorithm.byteCount` bytes.
    public let bytes: [UInt8]

    /// A digest of another size than its algorithm makes is a programmer's error.
    public init(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) {
        precondition(bytes.count == algorithm.byteCount, "a digest has its algorithm's size")
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// The digest of what this request brings; nil without one that is known.
    ///
    /// - Parameter known: what can be computed.
    /// - Throws: 400 `bad-digest`.
    public static func content(
        _ fields: FieldSection, _ known: [DigestAlgorithm]
    ) throws(Refusal) -> PromisedDigest? {
        try PromisedDigest(UploadField.contentDigest, in: fields, known)
    }

    /// The digest of the whole file; nil without one that is known.
    ///
    /// - Parameter known: what can be computed.
    /// - Throws: 400 `bad-digest`.
    public static func representation(
        _ fields: FieldSection, _ known: [DigestAlgorithm]
    ) throws(Refusal) -> PromisedDigest? {
        try PromisedDigest(UploadField.reprDigest, in: fields, known)
    }

    /// Reads `Content-Digest` or `Repr-Digest` (RFC 9530 sections 2 and 3): of the digests given the first one of
    /// `DigestAlgorithm.allCases`; nil without any that is known.
    ///
    /// - Throws: 400 for a known digest of the wrong size: it could only be found wrong when all bytes are there.
    init?(_ name: FieldName, in fields: FieldSection, _ known: [DigestAlgorithm]) throws(Refusal) {
        guard fields.contains(name), let members = StructuredField.dictionary(name, in: fields) else { return nil }
        for algorithm in DigestAlgorithm.allCases where known.contains(algorithm) {
            guard let member = members.first(where: { $0.key == algorithm.key }) else { continue }
            guard case .bytes(let bytes) = member.value, bytes.count == algorithm.byteCount else {
                throw Refusal(.badRequest, code: "bad-digest", "The digest \(algorithm.key) is malformed.")
            }
            self.init(algorithm, bytes)
            return
        }
        return nil
    }

    /// Reads what `description` wrote; nil for anything else.
    init?(_ text: some StringProtocol) {
        for algorithm in DigestAlgorithm.allCases {
            let sides = text.pieces(between: ":")
            guard sides.count == 3, sides[0] == "\(algorithm.key)=", sides[2].utf8.isEmpty,
                let bytes = Base64.decodeLeniently(sides[1]), bytes.count == algorithm.byteCount
            else { continue }
            self.init(algorithm, bytes)
            return
        }
        return nil
    }

    /// Whether the bytes came to what was promised.
    public func matches(_ computed: [UInt8]) -> Bool { computed == bytes }
}

extension PromisedDigest: CustomStringConvertible {
    /// As a field's value: `sha-256=:…:`.
    public var description: String { "\(algorithm.key)=:\(Base64.encode(bytes)):" }
}
