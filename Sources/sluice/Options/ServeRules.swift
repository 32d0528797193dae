import Access
import Configuration
import HTTPClient
import LinuxSystem
import Storage
import UploadServer

/// What options must not say together. What is refused here touches nothing.
struct ServeRules {
    private let configured: Configured<ServeSettings>
    private var server: ServerConfiguration { configured.target.server }

    init(_ configured: Configured<ServeSettings>) { self.configured = configured }

    /// - Throws: everything that is wrong.
    func check() throws(ConfigurationFault) {
        let faults =
            addresses() + certificates() + proxies() + connections() + origins() + owners() + authority()
            + configured.target.access.faults(spelling)
            + configured.target.events.faults(
                hasPlace: configured.target.delivery.hasPlace, hasQuestions: configured.target.questions.areAsked,
                configured.isChanged, spelling)
            + configured.target.questions.faults(configured.isChanged, spelling)
            + configured.target.delivery.faults(data: server.store.path, configured.isChanged, spelling)
        if !faults.isEmpty { throw ConfigurationFault(faults) }
    }

    private func addresses() -> [String] {
        let options = ["listen", "listen-tls", "listen-admin"]
        let all = [server.listen, server.listenTLS, server.listenAdmin]
        var faults = options.flatMap(alone)
        for (index, option) in options.enumerated() {
            for address in all[index] {
                for (other, others) in zip(options, all[..<index]) {
                    guard let held = others.first(where: address.overlaps) else { continue }
                    faults.append(
                        "\(spelling(other)) \(held) and \(spelling(option)) \(address) name the same address.")
                }
            }
        }
        let paths = [server.listenPaths, server.listenTLSPaths, server.listenAdminPaths].map(Set.init)
        if paths[0].union(paths[1]).union(paths[2]).count < paths.reduce(0, { $0 + $1.count }) {
            faults.append(
                "two of \(options.map(spelling).joined(separator: ", ")) name the same address, a Unix socket.")
        }
        if paths.allSatisfy(\.isEmpty), server.socketMode != ServerConfiguration.socketModeStandard {
            faults.append("\(spelling("socket-mode")) says something of Unix sockets: listen at unix:/path.")
        }
        if (server.listen + server.listenTLS).isEmpty, (server.listenPaths + server.listenTLSPaths).isEmpty {
            faults.append(
                "\(spelling("listen")) and \(spelling("listen-tls")) are both switched off: there is nothing to serve.")
        }
        return faults
    }

    /// Within one option: addresses that stand there twice, or beside the word that switches all of them off.
    private func alone(_ option: String) -> [String] {
        let texts = configured.value(option).texts
        if texts.count > 1, texts.contains("") {
            return ["\(spelling(option)) '' switches it off; it does not go with an address."]
        }
        for (index, text) in texts.enumerated() {
            guard let address = SocketAddress(listening: text) else {
                if !text.isEmpty, texts[..<index].contains(text) {
                    return ["\(spelling(option)) \(text) was given twice."]
                }
                continue
            }
            for other in texts[..<index] where SocketAddress(listening: other)?.overlaps(address) == true {
                return [
                    other == text
                        ? "\(spelling(option)) \(text) was given twice."
                        : "\(spelling(option)) \(other) and \(text) overlap: one of them is enough."
                ]
            }
        }
        return []
    }

    private func certificates() -> [String] {
        let settings = configured.target
        var faults: [String] = []
        let (certificates, keys) = (settings.certificateFiles.count, settings.keyFiles.count)
        if certificates != keys {
            let (given, missing) = certificates > keys ? ("tls-cert", "tls-key") : ("tls-key", "tls-cert")
            let counts = "\(certificates) and \(keys) were given"
            faults.append(
                "\(spelling(given)) and \(spelling(missing)) go together, one key for each certificate: \(counts).")
        }
        if server.redirectsToTLS, server.listenTLS.isEmpty, server.listenTLSPaths.isEmpty,
            server.publicURL?.lowercased().hasPrefix("https:") != true
        {
            faults.append("\(spelling("redirect-to-tls")) leads to --listen-tls, which is switched off.")
        }
        if settings.clientAuthoritiesFile == nil, settings.access.certificateName != nil {
            faults.append(
                "\(spelling("tls-client-owner")) says something of the certificates of --tls-client-ca: name one.")
        }
        if settings.clientAuthoritiesFile == nil, !settings.requiresClientCertificate {
            faults.append("\(spelling("tls-client-auth")) says something of --tls-client-ca: name one.")
        }
        if settings.clientAuthoritiesFile != nil, certificates == 0 {
            faults.append("\(spelling("tls-client-ca")) takes a certificate of the server's own: --tls-cert.")
        }
        return faults
    }

    private func proxies() -> [String] {
        if server.proxyProtocol.isEmpty { return [] }
        if server.trustedProxies.isEmpty {
            return ["\(spelling("proxy-protocol")) is for the proxies of --trusted-proxy: name one."]
        }
        let inherited = server.inheritedSockets.map(\.address)
        if inherited.isEmpty {
            return server.proxyProtocol.filter { !(server.listen + server.listenTLS).contains($0) }.map { address in
                "\(spelling("proxy-protocol")) \(address) is no address of --listen or --listen-tls."
            }
        }
        // Those that the options name are not listened at.
        let told = inherited.map(\.description).joined(separator: ", ")
        return server.proxyProtocol.filter { option in
            !inherited.contains { $0.host == option.host && $0.port == option.port }
        }.map { "\(spelling("proxy-protocol")) \($0) is no address of the sockets that were handed over: \(told)." }
    }

    private func connections() -> [String] {
        guard let perAddress = server.connectionsPerAddressMax, configured.isGiven("max-connections"),
            perAddress > server.connectionsMax
        else { return [] }
        return [
            """
            \(spelling("max-connections-per-address")) \(perAddress) is more than \(spelling("max-connections")) \
            \(server.connectionsMax).
            """
        ]
    }

    /// Limits of owners, and nobody who has one.
    private func owners() -> [String] {
        guard configured.target.policy.isOpen else { return [] }
        let options = ["owner-max-bytes", "owner-max-files", "owner-max-open", "owner-rate", "owner-creations"]
        return options.filter(configured.isGiven).map { option in
            """
            \(spelling(option)) says something of owners: say who may (--jwt-secret, --jwt-public-key, --jwt-jwks, \
            --tokens or --auth-url).
            """
        }
    }

    /// Of the application that is asked, where none is.
    private func authority() -> [String] {
        let authority = configured.target.authority
        if authority.url == nil {
            return authority.dependents.map {
                "\(spelling($0)) says something of --auth-url: name one."
            }
        }
        guard authority.authoritiesFile != nil, authority.url?.usesTLS == false else { return [] }
        return ["\(spelling("auth-url-ca")) says something of an https address: --auth-url names none."]
    }

    private func origins() -> [String] {
        guard server.cors.allowsCredentials else { return [] }
        if server.cors.origins.isEmpty {
            return ["\(spelling("cors-credentials")) says something of the pages of --cors-origin: name one."]
        }
        guard server.cors.origins.contains("*") else { return [] }
        return [
            """
            \(spelling("cors-credentials")) with \(spelling("cors-origin")) '*' lets every site act for its visitors: \
            name the origins.
            """
        ]
    }

    private func spelling(_ option: String) -> String { configured.spelling(option) }
}
