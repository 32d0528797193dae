internal import Access
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Uploads

/// What one loop knows of credentials. Confined to it.
final class LoopCredentials {
    private var cache = CredentialCache()

    /// - Parameters:
    ///   - certified: who the client is by its certificate, where that counts.
    ///   - watch: of the connection whose request it is. Signatures take up to milliseconds each, and strangers choose
    ///     how many come at one moment: they are checked one after the other, a few a turn of the loop.
    func identify(
        _ head: RequestHead, certified: Owner?, _ policy: AccessPolicy, _ watch: Watch
    ) async throws(AccessFault) -> (principal: Principal, credential: Credential?) {
        if let known = try policy.recall(head, certified: certified, cache: &cache, nowSeconds: nowSeconds) {
            return known
        }
        await watch.yield()
        return try policy.identify(head, certified: certified, cache: &cache, nowSeconds: nowSeconds)
    }

    private var nowSeconds: Int64 { SystemClock.wallNanoseconds / 1_000_000_000 }
}
