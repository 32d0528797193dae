import Delivery
import Events
import HTTPClient
import LinuxSystem
import Storage
import TLS

/// Where finished files are brought, as the options say.
struct DeliverySettings: Sendable {
    /// A directory and a template of places below it.
    var folder: String?
    var collision = NameCollision.number
    /// `s3://bucket/TEMPLATE`
    var bucket: String?
    var endpoint: HTTPURL?
    var region = DeliverySettings.regionStandard
    var style = AddressStyle.auto
    var keysFile: String?
    var authoritiesFile: String?
    var keepsFiles = false

    /// What Amazon calls its first one, and what other servers mostly take.
    static let regionStandard = "us-east-1"

    /// How the bucket is named in addresses, as it is said in options.
    enum AddressStyle: String, CaseIterable, Sendable {
        case auto, path, host
    }

    /// Whether files are brought anywhere.
    var hasPlace: Bool { folder != nil || bucket != nil }

    /// Options that mean nothing without a bucket.
    static let dependents = ["s3-endpoint", "s3-region", "s3-style", "s3-credentials", "s3-ca"]

    /// What is wrong with them together.
    ///
    /// - Parameter data: the data directory.
    func faults(data: String, _ isChanged: (String) -> Bool, _ spelling: (String) -> String) -> [String] {
        var faults: [String] = []
        func stray(_ options: [String], _ wanted: String) {
            faults += options.filter(isChanged).map { "\(spelling($0)) says something of \(wanted): name one." }
        }
        if bucket == nil { stray(DeliverySettings.dependents, "--deliver-s3") }
        if folder == nil { stray(["deliver-collision"], "--deliver") }
        if !hasPlace { stray(["keep-local"], "--deliver or --deliver-s3") }
        if folder != nil, bucket != nil {
            faults.append(
                "\(spelling("deliver")) and \(spelling("deliver-s3")) are two places, and a file has one: name one.")
        }
        if bucket != nil, authoritiesFile != nil, endpoint?.usesTLS == false {
            faults.append("\(spelling("s3-ca")) says something of https, and --s3-endpoint is not.")
        }
        if let folder, let root = try? FolderTemplate(folder, collision: collision).root,
            DeliverySettings.isWithin(root, data) || DeliverySettings.isWithin(data, root)
        {
            // An owner or a file may be called as something in it.
            faults.append("\(spelling("deliver")) \(root) and the data directory \(data) lie in each other.")
        }
        return faults
    }

    private static func isWithin(_ path: String, _ directory: String) -> Bool {
        // Where neither is there yet, they are what they are called.
        func segments(_ path: String) -> [Substring] {
            let here = path.utf8.first == UInt8(ascii: "/") ? "" : (try? FilePath(".").resolved())?.description ?? ""
            let resolved = (try? FilePath(path).resolved())?.description ?? "\(here)/\(path)"
            return resolved.split(separator: "/").filter { $0 != "." }
        }
        return segments(path).starts(with: segments(directory))
    }

    /// Nil where files stay.
    ///
    /// - Throws: what is wrong, as a sentence without the option's name.
    func carrier(environment: [String: String], proxies: ProxySettings) throws(OptionTrouble) -> (any FileCarrier)? {
        if let folder {
            do throws(TemplateFault) {
                return FolderCarrier(try FolderTemplate(folder, collision: collision), keepsFiles: keepsFiles)
            } catch { throw OptionTrouble("deliver", "\(folder) \(error)") }
        }
        guard let place = bucket else { return nil }
        let (bucket, template) = DeliverySettings.split(place)
        let address: BucketAddress
        let keys: KeyTemplate
        do throws(TemplateFault) {
            address = try BucketAddress(
                bucket: bucket, endpoint: endpoint, region: region,
                style: style == .auto ? nil : style == .path ? .path : .host)
            keys = try KeyTemplate(template)
        } catch { throw OptionTrouble("deliver-s3", "\(place) \(error)") }
        let file = keysFile
        let read: @Sendable () -> BucketKeys? = { try? DeliverySettings.keys(file, environment) }
        var tls: TLSContext?
        if address.usesTLS {
            do throws(TLSError) {
                tls = try TLSContext.client(
                    trust: authoritiesFile.map { .certificateAuthorities(file: $0) } ?? .system,
                    applicationProtocols: ["http/1.1"], resumes: true)
            } catch { throw OptionTrouble("s3-ca", "\(error)") }
        }
        let access = BucketAccess(
            address, keys: try DeliverySettings.keys(file, environment), read: read, tls: tls, proxies: proxies)
        return BucketCarrier(access, keys, keepsFiles: keepsFiles)
    }

    /// The bucket, and what stands behind it, `{id}/{name}` where that is nothing.
    private static func split(_ place: String) -> (bucket: String, template: String) {
        let rest = place.dropFirst("s3://".count)
        guard let slash = rest.firstIndex(of: "/") else { return (String(rest), KeyTemplate.standard) }
        let template = String(rest[rest.index(after: slash)...])
        return (String(rest[..<slash]), template.isEmpty ? KeyTemplate.standard : template)
    }

    private static func keys(_ file: String?, _ environment: [String: String]) throws(OptionTrouble) -> BucketKeys {
        guard let file else {
            guard let keys = BucketKeys(environment: environment) else {
                throw OptionTrouble(
                    "deliver-s3",
                    "needs keys: --s3-credentials, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
            }
            return keys
        }
        let profile = environment["AWS_PROFILE"] ?? "default"
        do throws(Errno) {
            let bytes = try FileContent.bytes(path: FilePath(file), countMax: DeliveryLimits.credentialBytesMax)
            if let text = String(validating: bytes, as: UTF8.self), let keys = BucketKeys(file: text, profile: profile)
            {
                return keys
            }
        } catch { throw OptionTrouble("s3-credentials", "cannot read \(file): \(error)") }
        throw OptionTrouble(
            "s3-credentials", "\(file): no [\(profile)] with aws_access_key_id and aws_secret_access_key")
    }
}
