internal import Access
internal import Synchronization

/// The keys of a set that somebody publishes, as they were read last. From any thread.
public final class KeySet: Sendable {
    private struct State {
        var keys: [VerificationKey]?
        var text: [UInt8] = []
    }

    private let state = Mutex(State())
    private let changes = Atomic<Int>(0)

    /// A set that was not read yet.
    public init() {}

    /// The keys; nil where none were read yet.
    var keys: [VerificationKey]? { state.withLock { $0.keys } }

    /// Raised whenever the keys become others.
    var revision: Int { changes.load(ordering: .acquiring) }

    /// Takes what was read (`VerificationKey.keys(jwks:)`), or nothing of it. May block for some milliseconds.
    ///
    /// - Returns: whether these are others than before.
    public func adopt(_ text: [UInt8]) throws(KeyFault) -> Bool {
        if state.withLock({ $0.keys != nil && $0.text == text }) { return false }
        let keys = try VerificationKey.keys(jwks: text)
        let count = VerificationKey.count(keys)
        guard count <= AccessLimits.keysMax else {
            throw KeyFault("it holds \(count) keys, and \(AccessLimits.keysMax) may be")
        }
        state.withLock { state in
            state.keys = keys
            state.text = text
        }
        changes.wrappingAdd(1, ordering: .releasing)
        return true
    }
}
