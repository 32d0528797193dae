import Access
import LinuxSystem
import Logging
import Storage
import UploadServer

/// What the options of `sluice serve` are set in.
struct ServeSettings: Sendable {
    var server = ServerConfiguration(store: StoreConfiguration(path: "./data"))
    var access = AccessSettings()
    var authority = AuthoritySettings()
    var questions = QuestionSettings()
    var events = EventSettings()
    var delivery = DeliverySettings()
    var configurationFile: String?
    var certificateFiles: [String] = []
    var keyFiles: [String] = []
    var clientAuthoritiesFile: String?
    var requiresClientCertificate = true
    var logFormat = LogFormat.text
    var logLevel = Logger.Level.info

    /// Who may.
    var policy: AccessPolicy { access.policy(asksOutside: authority.url != nil) }
}
