import Access
import HTTPClient
import TLS
import UploadServer

/// Which application is asked who sends a request, as the options say.
struct AuthoritySettings: Sendable {
    var url: HTTPURL?
    var cacheSeconds = AuthoritySettings.cacheSecondsStandard
    var timeoutSeconds = AuthoritySettings.timeoutSecondsStandard
    var authoritiesFile: String?
    var ownerField = ForwardRules.ownerFieldStandard

    static let cacheSecondsStandard: Int64 = 10
    static let timeoutSecondsStandard: Int64 = 5

    /// Options of an application, set to what nobody sets without one.
    var dependents: [String] {
        [
            ("auth-url-cache", cacheSeconds != AuthoritySettings.cacheSecondsStandard),
            ("auth-url-timeout", timeoutSeconds != AuthoritySettings.timeoutSecondsStandard),
            ("auth-url-ca", authoritiesFile != nil),
            ("auth-url-owner", ownerField != ForwardRules.ownerFieldStandard),
        ].filter(\.1).map(\.0)
    }

    /// Nil where none is asked.
    ///
    /// - Throws: where the authorities for TLS cannot be read.
    func configuration() throws(TLSError) -> AuthorityConfiguration? {
        guard let url, let rules = ForwardRules(ownerField: ownerField) else { return nil }
        var tls: TLSContext?
        if url.usesTLS {
            tls = try TLSContext.client(
                trust: authoritiesFile.map { .certificateAuthorities(file: $0) } ?? .system,
                applicationProtocols: ["http/1.1"], resumes: true)
        }
        return AuthorityConfiguration(
            url: url, rules: rules, cacheNanoseconds: cacheSeconds * 1_000_000_000,
            timeoutNanoseconds: timeoutSeconds * 1_000_000_000, tls: tls)
    }
}
