internal import Access
internal import HTTP
internal import LinuxSystem
internal import Uploads

/// What one loop knows of credentials. Confined to it.
final class LoopCredentials {
    private var cache = CredentialCache()

    func identify(
        _ head: RequestHead, certified: Owner?, _ policy: AccessPolicy
    ) throws(AccessFault) -> (principal: Principal, credential: Credential?) {
        try policy.identify(
            head, certified: certified, cache: &cache, nowSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
    }
}
