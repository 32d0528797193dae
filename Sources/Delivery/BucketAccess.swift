public import HTTPClient
internal import Synchronization
public import TLS

/// A bucket, and how it is asked. From any thread.
public final class BucketAccess: Sendable {
    let address: BucketAddress
    let tls: TLSContext?
    let proxies: ProxySettings
    private let read: @Sendable () -> BucketKeys?
    private let known: Mutex<BucketKeys>

    /// - Parameters:
    ///   - keys: to begin with.
    ///   - read: reads them anew, where the bucket does not take them any more; on the carrier's thread.
    ///   - tls: nil where the endpoint is plain.
    public init(
        _ address: BucketAddress, keys: BucketKeys, read: @escaping @Sendable () -> BucketKeys?, tls: TLSContext?,
        proxies: ProxySettings
    ) {
        self.address = address
        self.read = read
        self.tls = tls
        self.proxies = proxies
        known = Mutex(keys)
    }

    var keys: BucketKeys { known.withLock { $0 } }

    /// The bucket has said no: the keys may be others by now.
    func renewKeys() {
        if let keys = read() { known.withLock { $0 = keys } }
    }
}
