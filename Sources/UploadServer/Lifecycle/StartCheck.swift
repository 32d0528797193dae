internal import Access
internal import Events
internal import HTTP
internal import HTTPClient
internal import LinuxSystem
internal import Storage
internal import TLS

/// Looks for what an operator cannot have meant: options without an effect, promises that the system does not keep.
/// Each is one warning; the start goes on, and so does a reload.
struct StartCheck {
    let configuration: ServerConfiguration
    let places: [ListeningPlace]
    let credentials: Credentials?
    /// Nil before the data directory is opened: what it holds is not looked at then.
    let store: LocalStore?
    let openFilesLimit: Int

    /// What is worth a warning, a line each. May block: it looks at files.
    var warnings: [String] {
        connections() + memory() + certificate() + encryption() + uploads() + disk() + proxies() + pages() + access()
            + programs()
    }

    /// Those that are run for events: nothing is said of them again before the first one.
    private func programs() -> [String] {
        configuration.delivery.targets.compactMap { target in
            guard case .program(let program) = target else { return nil }
            do throws(Errno) {
                let path = FilePath(program.path)
                guard try FileStatus(of: path).kind == .regular else { return "--exec \(program.path) is no program" }
                try path.checkMayExecute()
                return nil
            } catch {
                return "--exec \(program.path): \(error); each event is tried again until it can be run"
            }
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
        return (context.validityFault.map { ["\($0); clients will refuse it"] } ?? [])
            + context.idleCertificates.map { "\($0) is shown to nobody: another one is for its names" }
    }

    /// The way to TLS, and what is told over it.
    private func encryption() -> [String] {
        var warnings: [String] = []
        let (plain, encrypted) = (places.filter { $0.kind == .http }, places.filter { $0.kind == .https })
        if let seconds = configuration.strictTransportSeconds, encrypted.isEmpty {
            warnings.append("--hsts \(seconds) is told to nobody: TLS is served nowhere (--listen-tls)")
        }
        if configuration.redirectsToTLS {
            if plain.isEmpty {
                warnings.append("--redirect-to-tls sends nobody anywhere: plain HTTP is served nowhere (--listen)")
            } else if configuration.publicURL.flatMap({ HostName.secure($0) }) == nil,
                encrypted.allSatisfy(\.isForThisMachine), !plain.allSatisfy(\.isForThisMachine)
            {
                warnings.append(
                    """
                    --redirect-to-tls leads to --listen-tls, which only this machine reaches: let it listen for \
                    others, or say by --public-url where TLS is
                    """)
            }
        }
        if let directory = configuration.acmeDirectory {
            if plain.isEmpty {
                warnings.append("--acme-webroot \(directory) is not served: plain HTTP is served nowhere (--listen)")
            } else if (try? FileStatus(of: FilePath(directory)))?.kind != .directory {
                warnings.append("--acme-webroot \(directory) is no directory now: no challenge is answered")
            }
        }
        return warnings
    }

    private func uploads() -> [String] {
        guard let open = store?.openUploads, open.count >= open.limit else { return [] }
        return [
            """
            \(open.count) unfinished uploads are here, and --max-uploads \(open.limit) may be: nothing new is begun \
            before some of them end
            """
        ]
    }

    private func disk() -> [String] {
        guard let free = store?.knownSpace?.bytes else { return [] }
        if free <= configuration.store.reserveBytes {
            return [
                """
                no upload is taken: \(free) bytes are free in \(configuration.store.path), and --reserve keeps \
                \(configuration.store.reserveBytes)
                """
            ]
        }
        guard free < configuration.readyFreeBytes else { return [] }
        return [
            """
            /readyz says no: \(free) bytes are free in \(configuration.store.path), --ready-free wants \
            \(configuration.readyFreeBytes)
            """
        ]
    }

    private func access() -> [String] { open() + unencrypted() }

    /// Keys, and answers of who may, that anybody on their way may replace.
    private func unencrypted() -> [String] {
        let sources = configuration.keySources.map { ("--jwt-jwks", $0.url) }
        return (sources + (configuration.authority.map { [("--auth-url", $0.url)] } ?? []))
            .filter { _, url in
                !url.usesTLS && url.host.foldedASCII != "localhost"
                    && (try? SocketAddress(host: url.host, port: url.port))?.isLoopback != true
            }
            .map { "\($0) \($1.withoutQuery): without TLS whoever is on the way says who may" }
    }

    private func open() -> [String] {
        let isReached = places.contains { $0.kind != .admin && !$0.isForThisMachine }
        guard configuration.access.isOpen, isReached else { return [] }
        return [
            """
            everybody who reaches this server may upload, and fetch and remove what they know the address of: \
            --jwt-secret, --jwt-public-key, --jwt-jwks, --tokens or --auth-url say who may
            """
        ]
    }

    private func proxies() -> [String] {
        let everybody = configuration.trustedProxies.filter(\.isEverybody).map { network in
            "--trusted-proxy \(network): anybody may say where a request comes from, and no address has a bound"
        }
        guard configuration.trustedProxies.isEmpty,
            configuration.realIPField != .xForwardedFor
        else { return everybody }
        return ["--real-ip-header \(configuration.realIPHeader) is not read: --trusted-proxy says of whom it counts"]
    }

    private func pages() -> [String] {
        guard configuration.cors.origins.isEmpty, let header = configuration.cors.headers.first else { return [] }
        return ["--cors-header \(header) is let through for nobody: --cors-origin says for whose pages"]
    }
}
