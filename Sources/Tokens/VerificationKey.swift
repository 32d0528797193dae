internal import Access
internal import JWTKit

/// A key together with the one algorithm that it is used by: a token chooses among keys, and nothing else.
public struct VerificationKey: Sendable {
    /// As a token's head writes it (RFC 7518 3.1, RFC 8037 3.1).
    public let algorithm: String
    /// The key's name (`kid`); nil for one that fits any token of its algorithm.
    public let name: String?
    private let verifier: any JWTAlgorithm
    /// The key itself, which may serve several algorithms: the same for all that were made of one.
    private var material = KeyMaterial()

    private final class KeyMaterial: Sendable {}

    init(_ verifier: any JWTAlgorithm, name: String? = nil) {
        algorithm = verifier.name
        self.name = name
        self.verifier = verifier
    }

    /// One key under several algorithms.
    static func ofOneKey(_ keys: [VerificationKey]) -> [VerificationKey] {
        guard let material = keys.first?.material else { return [] }
        return keys.map { key in
            var key = key
            key.material = material
            return key
        }
    }

    /// How many keys these are, however many algorithms each serves.
    public static func count(_ keys: [VerificationKey]) -> Int {
        Set(keys.map { ObjectIdentifier($0.material) }).count
    }

    /// Where so many keys have one name, or none, that a token is not tried with all of them; a sentence for each.
    public static func crowds(_ keys: [VerificationKey]) -> [String] {
        let tried = AccessLimits.triedKeysMax
        let crowds = Dictionary(grouping: keys) { key in
            let name = key.name.map { "are called '\($0)'" } ?? "have no name"
            return "keys of \(key.algorithm) \(name) (kid)"
        }
        return crowds.filter { $0.value.count > tried }
            .map { "\($0.value.count) \($0.key), and a token is tried with the first \(tried) of them." }
            .sorted()
    }

    /// Whether a signature is by this key.
    func verifies(_ signature: [UInt8], of signed: ArraySlice<UInt8>) -> Bool {
        // JWTKit throws for signatures of another length.
        (try? verifier.verify(signature, signs: Array(signed))) ?? false
    }

    /// A signature by this key.
    func sign(_ signed: [UInt8]) throws(KeyFault) -> [UInt8] {
        do { return try verifier.sign(signed) } catch { throw KeyFault("the key cannot sign: \(error)") }
    }
}
