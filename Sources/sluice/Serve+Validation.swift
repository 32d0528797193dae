import ArgumentParser
import HTTPClient
import LinuxSystem
import Storage
import UploadServer
import Uploads

/// What options may say, each by itself and together. What is refused here touches nothing.
extension Serve {
    /// A hundred years, in seconds: beyond that a time is a slip of the pen, and sums with it would not fit.
    private static let secondsMax: Int64 = 100 * 365 * 86_400

    func validate() throws {
        try checkAddresses()
        try checkNumbers()
        try checkOrigins()
        _ = try fileAccess()
        if data.isEmpty { throw ValidationError("--data takes a directory.") }
    }

    private func checkAddresses() throws {
        try ListenAddress.check(listen, option: "--listen")
        try ListenAddress.check(listenTls, option: "--listen-tls")
        try ListenAddress.check(listenAdmin, option: "--listen-admin")
        if listen.allSatisfy(\.isOff) && listenTls.allSatisfy(\.isOff) {
            throw ValidationError("--listen and --listen-tls are both switched off: there is nothing to serve.")
        }
        let named = [("--listen", listen), ("--listen-tls", listenTls), ("--listen-admin", listenAdmin)]
        for (index, (option, addresses)) in named.enumerated() {
            for address in addresses.compactMap(\.address) {
                for (other, others) in named[..<index] {
                    guard let held = others.compactMap(\.address).first(where: address.overlaps) else { continue }
                    throw ValidationError("\(other) \(held) and \(option) \(address) name the same address.")
                }
            }
        }
        if (tlsCert == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-cert and --tls-key go together: one was given without the other.")
        }
        if tlsCert == "" || tlsKey == "" { throw ValidationError("--tls-cert and --tls-key take a file each.") }
        for network in trustedProxy where NetworkPrefix(network) == nil {
            let meant = NetworkPrefix.network(of: network).map { "; its network is \($0)" } ?? ""
            throw ValidationError(
                "--trusted-proxy takes an address or a network like 10.0.0.0/8, not '\(network)'\(meant).")
        }
        _ = try publicAddress()
    }

    private func checkNumbers() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes 1 to 1024.") }
        if !(1...86_400).contains(bodyTimeout) { throw ValidationError("--body-timeout takes 1 to 86400 seconds.") }
        if !(1...UploadLimits.lengthMax).contains(maxSize.bytes) {
            throw ValidationError("--max-size takes 1 to \(UploadLimits.lengthMax) bytes.")
        }
        if !(4 << 20...1 << 40).contains(bufferMemory.bytes) {
            throw ValidationError("--buffer-memory takes 4M to 1T.")
        }
        if !(0...1 << 40).contains(minRate.bytes) {
            throw ValidationError("--min-rate takes 0 to \(1 << 40) bytes a second.")
        }
        if let maxConnections, !(1...10_000_000).contains(maxConnections) {
            throw ValidationError("--max-connections takes 1 to 10000000.")
        }
        if let maxUploads, !(1...1_000_000_000).contains(maxUploads) {
            throw ValidationError("--max-uploads takes 1 to 1000000000.")
        }
        if let perAddress = maxConnectionsPerAddress {
            if perAddress < 0 { throw ValidationError("--max-connections-per-address takes 0 or more.") }
            if let maxConnections, perAddress > maxConnections {
                throw ValidationError(
                    "--max-connections-per-address \(perAddress) is more than --max-connections \(maxConnections)."
                )
            }
        }
        for (option, seconds) in [("--expire-after", expireAfter), ("--forget-after", forgetAfter)]
        where !(0...Serve.secondsMax).contains(seconds) {
            throw ValidationError("\(option) takes 0 to \(Serve.secondsMax) seconds.")
        }
    }

    private func checkOrigins() throws {
        let origins = try corsOrigins()
        if corsCredentials, origins.isEmpty {
            throw ValidationError("--cors-credentials says something of the pages of --cors-origin: name one.")
        }
        if corsCredentials, origins.contains("*") {
            throw ValidationError(
                "--cors-credentials with --cors-origin '*' lets every site act for its visitors: name the origins.")
        }
        for (option, names) in [("--cors-header", corsHeader), ("--real-ip-header", [realIpHeader])] {
            for name in names where !ServerConfiguration.isFieldName(name) {
                throw ValidationError("\(option) takes the name of a header field, not '\(name)'.")
            }
        }
    }

    /// What `--cors-origin` says, as browsers write it.
    func corsOrigins() throws -> [String] {
        try corsOrigin.map { text in
            do throws(CORSOrigin.Failure) {
                return try CORSOrigin(text).text
            } catch {
                throw ValidationError("--cors-origin '\(text)' \(error.reason).")
            }
        }
    }

    /// What `--file-mode` and `--file-group` say.
    func fileAccess() throws -> FileAccess {
        var access = FileAccess()
        if let fileMode {
            guard (3...4).contains(fileMode.utf8.count), fileMode.allSatisfy({ ("0"..."7").contains($0) }),
                let mode = UInt32(fileMode, radix: 8), mode & ~0o666 == 0,
                mode & 0o600 == 0o600
            else {
                throw ValidationError(
                    """
                    --file-mode takes an octal mode like 0640, read and write for the owner and nothing to execute, \
                    not '\(fileMode)'.
                    """)
            }
            access.mode = mode
        }
        if let fileGroup {
            guard let group = SystemGroup.number(of: fileGroup) else {
                throw ValidationError("--file-group: there is no group '\(fileGroup)'.")
            }
            access.group = group
        }
        return access
    }

    /// What `--public-url` says, without slashes at its end.
    func publicAddress() throws -> String? {
        guard let publicUrl else { return nil }
        let isPath = publicUrl.utf8.first == 0x2F && HTTPURL("http://host" + publicUrl) != nil
        guard let url = HTTPURL(isPath ? "http://host" + publicUrl : publicUrl), !publicUrl.hasPrefix("//") else {
            throw ValidationError(
                "--public-url takes http://…, https://… or a path like /uploads, in ASCII, not '\(publicUrl)'.")
        }
        if url.target.contains("?") {
            throw ValidationError(
                "--public-url '\(publicUrl)' has a query: what follows the address would stand in it.")
        }
        return String(publicUrl.reversed().drop { $0 == "/" }.reversed())
    }
}
