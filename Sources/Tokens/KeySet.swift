internal import Access
internal import Synchronization

/// The keys of a set that somebody publishes, as they were read last. From any thread.
public final class KeySet: Sendable {
    /// What a text has brought.
    public enum Reading: Sendable {
        /// It is the one of before.
        case same
        /// Its keys are in force, and no others: how many these are, none perhaps, and what is wrong with those that
        /// were passed by.
        case new(count: Int, faults: [KeyFault])
    }

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

    /// Takes what was read. A set counts as it is, so that whoever withdraws a key is obeyed: a member that cannot be
    /// used holds up no other, and without any key nobody is believed. May block for some milliseconds.
    ///
    /// - Throws: where it is no set, or too large a one; the keys of before stay.
    public func adopt(_ text: [UInt8]) throws(KeyFault) -> Reading {
        if state.withLock({ $0.keys != nil && $0.text == text }) { return .same }
        let (keys, faults) = try VerificationKey.published(jwks: text)
        let count = VerificationKey.count(keys)
        guard count <= AccessLimits.keysMax else {
            throw KeyFault("it holds \(count) keys, and \(AccessLimits.keysMax) may be")
        }
        state.withLock { state in
            state.keys = keys
            state.text = text
        }
        changes.wrappingAdd(1, ordering: .releasing)
        return .new(count: count, faults: faults + VerificationKey.crowds(keys).map { KeyFault($0) })
    }
}
