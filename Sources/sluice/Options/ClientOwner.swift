/// What `--tls-client-owner` may say: nothing, or one of `CertificateName`.
enum ClientOwner: String, CaseIterable, Sendable {
    case none
    case cn
    case dns
    case email
    case uri
}
