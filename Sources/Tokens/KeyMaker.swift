internal import Dispatch
internal import JWTKit
internal import Synchronization

/// JWTKit hands out its algorithms through an actor: they are asked for once, when keys are read.
final class KeyMaker: Sendable {
    private let result = Mutex<Result<any JWTAlgorithm, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    private init() {}

    /// The algorithm under which a collection knows its one key. Blocks for about as long as a thread takes to wake.
    static func key(
        _ name: String? = nil, _ add: @escaping @Sendable (isolated JWTKeyCollection) throws -> Void
    ) throws(KeyFault) -> VerificationKey {
        let maker = KeyMaker()
        Task.detached {
            let made: Result<any JWTAlgorithm, any Error>
            do {
                let keys = JWTKeyCollection()
                try await add(keys)
                made = .success(try await keys.getKey())
            } catch {
                made = .failure(error)
            }
            maker.result.withLock { $0 = made }
            maker.done.signal()
        }
        maker.done.wait()
        switch maker.result.withLock({ $0 }) {
        case .success(let verifier): return VerificationKey(verifier, name: name)
        case .failure(let error): throw KeyFault("\(error)")
        case nil: throw KeyFault("the key was not made")
        }
    }
}
