internal import CTLSShim

/// The contexts of a server with several certificates, by the name that a client asks for (SNI, RFC 6066 section 3).
/// Immutable; owns the contexts.
final class ServerNames {
    private let contexts: [OpaquePointer]
    private let byName: [String: OpaquePointer]

    /// - Parameter contexts: owned from here on; each is in `byName` as often as it likes.
    init(owning contexts: [OpaquePointer], byName: [String: OpaquePointer]) {
        self.contexts = contexts
        self.byName = byName
    }

    deinit { for context in contexts { SSL_CTX_free(context) } }

    /// Has sessions of a context go on with the one for the name that they hear. This value must outlive them.
    func attach(to context: OpaquePointer) {
        let own = Unmanaged.passUnretained(self).toOpaque()
        cshim_context_on_server_name(
            context,
            { session, _, own in
                guard let own, let session, let asked = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) else {
                    return SSL_TLSEXT_ERR_NOACK
                }
                let names = Unmanaged<ServerNames>.fromOpaque(own).takeUnretainedValue()
                guard let context = names.context(for: String(cString: asked)) else { return SSL_TLSEXT_ERR_NOACK }
                return SSL_set_SSL_CTX(session, context) == nil ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK
            }, own)
    }

    private func context(for asked: String) -> OpaquePointer? {
        let name = asked.lowercased()
        return byName[name] ?? CertificateChoice.wildcard(over: name).flatMap { byName[$0] }
    }
}
