import LinuxSystem
import Logging
import Storage
import UploadServer
import Uploads

extension Serve {
    /// What the options come to, where a process may open so many files.
    func serverConfiguration(openFiles: Int) throws -> ServerConfiguration {
        var store = StoreConfiguration(path: data)
        store.durability = durability
        store.access = try fileAccess()
        store.openUploadsMax = maxUploads
        store.expiry = expireAfter == 0 ? .never : ExpiryPolicy(idleSeconds: expireAfter)
        store.forgetSeconds = forgetAfter == 0 ? nil : forgetAfter
        var configuration = ServerConfiguration(store: store)
        configuration.listen = listen.compactMap(\.address)
        configuration.listenTLS = listenTls.compactMap(\.address)
        configuration.listenAdmin = listenAdmin.compactMap(\.address)
        configuration.readyFreeBytes = readyFree.bytes
        if let tlsCert, let tlsKey { configuration.certificate = (tlsCert, tlsKey) }
        if let threads { configuration.threads = threads }
        configuration.sizeMax = maxSize.bytes
        configuration.bufferMemoryBytes = Int(bufferMemory.bytes)
        configuration.bodyIdleNanoseconds = Int64(bodyTimeout) * 1_000_000_000
        configuration.bodyRateBytes = minRate.bytes
        configuration.connectionsMax = maxConnections ?? ServerConfiguration.connectionsMax(openFiles: openFiles)
        configuration.connectionsPerAddressMax = maxConnectionsPerAddress
        configuration.allowsDownload = download
        configuration.publicURL = try publicAddress()
        configuration.trustedProxies = trustedProxy.compactMap { NetworkPrefix($0) }
        configuration.cors = CORSPolicy(
            origins: try corsOrigins(), allowsCredentials: corsCredentials, headers: corsHeader)
        configuration.realIPHeader = realIpHeader
        configuration.sendsInformational = informational == .on
        return configuration
    }

    /// Says which addresses are not served, because a service manager has handed sockets over.
    func warnOfIgnoredAddresses(_ inherited: [InheritedSocket], _ log: ServerLog) {
        if inherited.isEmpty { return }
        var ignored: [String] = []
        if listen != Serve.listenDefault { ignored.append("--listen") }
        if listenTls != Serve.listenTLSDefault { ignored.append("--listen-tls") }
        if !listenAdmin.allSatisfy(\.isOff), inherited.contains(where: { $0.name == "admin" }) {
            ignored.append("--listen-admin")
        }
        if ignored.isEmpty { return }
        log.logger.warning(
            "the sockets that were handed over are served, and these options not",
            metadata: ["options": "\(ignored.joined(separator: ", "))"])
    }
}
