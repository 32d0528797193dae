import Configuration
import LinuxSystem

extension Configured<ServeSettings> {
    /// Files of secrets that everybody on this machine may read, a warning each. Looks at the files: may block.
    var openSecrets: [String] {
        ["jwt-secret", "tls-key", "webhook-secret"].flatMap { name in
            value(name).texts.compactMap { path in
                guard let status = try? FileStatus(of: FilePath(path)), status.isReadableByAll else { return nil }
                return "\(spelling(name)) \(path): everybody on this machine may read it (chmod 0640 or 0600)"
            }
        }
    }
}
