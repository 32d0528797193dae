internal import Access
internal import LinuxSystem
internal import Logging
internal import Reactor
internal import Storage
internal import TLS

/// Looks, once the server stands, for what its operator cannot have meant: options without an effect, promises that the
/// system does not keep. Each is one warning; the start goes on.
struct StartCheck {
    let configuration: ServerConfiguration
    let listeners: [BoundListener]
    let credentials: Credentials?
    let store: LocalStore
    let openFilesLimit: Int

    /// What is worth a warning.
    func run(_ log: Logger) {
        for warning in connections() + memory() + certificate() + uploads() + disk() + proxies() + access() {
            log.warning("\(warning)")
        }
    }

    private func connections() -> [String] {
        var warnings: [String] = []
        let connections = configuration.connectionsMax
        if ServerConfiguration.openFiles(connections: connections) > openFilesLimit {
            let room = ServerConfiguration.connectionsMax(openFiles: openFilesLimit)
            warnings.append(
                """
                --max-connections \(connections): with \(openFilesLimit) open files, which is the limit here, there is \
                room for \(room) (ulimit -n, LimitNOFILE=)
                """)
        } else if connections < ServerLimits.connectionsWarned {
            warnings.append(
                "no more than \(connections) connections at once: the limit of open files is \(openFilesLimit)")
        }
        if let perAddress = configuration.connectionsPerAddressMax, perAddress > connections {
            warnings.append(
                "--max-connections-per-address \(perAddress) is more than the \(connections) that are let in"
            )
        }
        return warnings
    }

    private func memory() -> [String] {
        let (told, there) = (Int64(configuration.bufferMemoryBytes), SystemProcess.memoryBytes)
        guard there > 0, told > there else { return [] }
        return ["--buffer-memory \(told) is no bound: the machine has \(there) bytes of memory"]
    }

    private func certificate() -> [String] {
        guard let first = configuration.certificates.first else { return [] }
        guard let context = credentials?.current else {
            return ["--tls-cert \(first.certificateFile) is not used: TLS is served nowhere (--listen-tls)"]
        }
        return context.validityFault.map { ["\($0); clients will refuse it"] } ?? []
    }

    private func uploads() -> [String] {
        let open = store.openUploads
        guard open.count >= open.limit else { return [] }
        return [
            """
            \(open.count) unfinished uploads are here, and --max-uploads \(open.limit) may be: nothing new is begun \
            before some of them end
            """
        ]
    }

    private func disk() -> [String] {
        guard let free = store.knownSpace?.bytes, free < configuration.readyFreeBytes else { return [] }
        return [
            """
            /readyz says no: \(free) bytes are free in \(configuration.store.path), --ready-free wants \
            \(configuration.readyFreeBytes)
            """
        ]
    }

    private func access() -> [String] {
        let isReached = listeners.contains { listener in
            listener.kind != .admin && !(listener.socket.address?.isLoopback ?? true)
        }
        guard configuration.access.isOpen, isReached else { return [] }
        return [
            """
            everybody who reaches this server may upload, and fetch and remove what they know the address of: \
            --jwt-secret, --jwt-public-key, --jwt-jwks or --tokens say who may
            """
        ]
    }

    private func proxies() -> [String] {
        configuration.trustedProxies.filter(\.isEverybody).map { network in
            "--trusted-proxy \(network): anybody may say where a request comes from, and no address has a bound"
        }
    }
}
