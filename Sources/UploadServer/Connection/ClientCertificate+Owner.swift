internal import Access
internal import TLS
internal import Uploads

extension ClientCertificate {
    /// Whom it stands for by one of its names; nil where it has none of that kind, or one that is no owner's, and once
    /// it has ended.
    func owner(by name: CertificateName, nowSeconds: Int64) -> Owner? {
        guard nowSeconds < expirySeconds else { return nil }
        let text =
            switch name {
            case .cn: commonName
            case .dns: dnsNames.first
            case .email: emails.first
            case .uri: uris.first
            }
        return text.flatMap { Owner($0) }
    }
}
