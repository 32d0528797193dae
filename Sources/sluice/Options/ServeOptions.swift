import Configuration
import Events
import Foundation
import LinuxSystem
import TLS
import UploadClient
import UploadServer

typealias ServeSection = OptionSection<ServeSettings>

/// The options of `sluice serve`. Each is declared once; what they say of each other is in `ServeRules`.
enum ServeOptions {
    static let table = OptionTable(
        [addresses, encryption, access, storage, limits, outside, uploads, questions, events, delivery, logging],
        fileOption: "config")

    /// A hundred years, in seconds: beyond that a time is a slip of the pen, and sums with it would not fit.
    static let secondsMax: Int64 = 100 * 365 * 86_400

    /// A longer file was not written by hand.
    private static let fileBytesMax = 1 << 20

    /// What the command line, the environment and the configuration file say together, checked.
    ///
    /// - Parameter openFiles: so many a process may open.
    /// - Throws: everything that is wrong with it.
    static func configured(
        words: [String], openFiles: Int, inherited: [InheritedSocket] = []
    ) throws(ConfigurationFault) -> Configured<ServeSettings> {
        let environment = try environment()
        if let word = words.first(where: RawArguments.isRaw) {
            let printable = String(decoding: RawArguments.bytes(of: word), as: UTF8.self)
            throw ConfigurationFault(["'\(printable)' is not UTF-8."])
        }
        var configured = try table.configured(
            ServeSettings(), words: words, environment: environment, readFile: readFile)
        configured.target.server.inheritedSockets = inherited
        try finish(&configured, openFiles: openFiles)
        return configured
    }

    /// What a server goes on with that runs with `old` and now finds `next`.
    ///
    /// - Throws: where what is to change contradicts what cannot.
    static func renewed(
        _ old: Configured<ServeSettings>, by next: Configured<ServeSettings>, openFiles: Int
    ) throws(ConfigurationFault) -> (configured: Configured<ServeSettings>, applied: [String], waiting: [String]) {
        var renewed: (configured: Configured<ServeSettings>, applied: [String], waiting: [String])
        do throws(ConfigurationFault) {
            renewed = try old.renewed(by: next, ServeSettings())
            renewed.configured.target.server.inheritedSockets = old.target.server.inheritedSockets
            try finish(&renewed.configured, openFiles: openFiles)
        } catch {
            // The new file is sound: what it contradicts is what the process was started with.
            let kept = old.kept(before: next).joined(separator: ", ")
            throw ConfigurationFault(
                error.lines + ["It does not go with old values, which stay in force until a restart: \(kept)."])
        }
        // Their files have been read anew, whatever these are called: something else may be in them.
        let (contents, configured) = (old.target.access.contents, renewed.configured)
        renewed.applied += (accessFiles + questionFiles + eventFiles).filter { name in
            !renewed.applied.contains(name)
                && configured.value(name).texts.contains { contents[$0] != configured.target.access.contents[$0] }
        }
        return renewed
    }

    /// Every variable but the one of those who look after a server; those of this program are texts.
    private static func environment() throws(ConfigurationFault) -> [String: String] {
        let all = Environment.all.map { (String(decoding: $0.name, as: UTF8.self), $0.value) }
            .filter { $0.0 != AdminOptions.variable }
        let faults = all.compactMap { name, value in
            name.hasPrefix(variablePrefix) && String(validating: value, as: UTF8.self) == nil
                ? "\(name) is not UTF-8." : nil
        }
        if !faults.isEmpty { throw ConfigurationFault(faults) }
        let texts = all.map { ($0.0, String(decoding: $0.1, as: UTF8.self)) }
        return Dictionary(texts, uniquingKeysWith: { first, _ in first })
    }

    private static let variablePrefix = "SLUICE_"

    /// Checks what options say together, and sets what only follows from all of them.
    private static func finish(
        _ configured: inout Configured<ServeSettings>, openFiles: Int
    ) throws(ConfigurationFault) {
        try ServeRules(configured).check()
        let settings = configured.target
        configured.target.server.certificates = zip(settings.certificateFiles, settings.keyFiles).map {
            CertificateFiles(certificateFile: $0, keyFile: $1)
        }
        configured.target.server.clientAuthorities = settings.clientAuthoritiesFile.map {
            ClientAuthorities(file: $0, areRequired: settings.requiresClientCertificate)
        }
        configured.target.server.access = settings.policy
        configured.target.server.delivery = settings.events.delivery
        do throws(OptionTrouble) {
            configured.target.server.delivery.carrier = try settings.delivery.carrier(
                environment: EventSettings.environment, proxies: configured.target.server.delivery.proxies)
            configured.target.server.delivery.keepsPlaced = settings.delivery.keepsFiles
        } catch {
            throw ConfigurationFault(["\(configured.spelling(error.option)) \(error.reason)."])
        }
        do throws(TLSError) {
            configured.target.server.keySources = try settings.access.sources()
        } catch {
            throw ConfigurationFault(["\(configured.spelling("jwt-jwks")): \(error)."])
        }
        do throws(TLSError) {
            configured.target.server.authority = try settings.authority.configuration()
        } catch {
            throw ConfigurationFault(["\(configured.spelling("auth-url")): \(error)."])
        }
        do throws(TLSError) {
            configured.target.server.questions = try settings.questions.configuration(settings.events)
        } catch {
            throw ConfigurationFault(["\(configured.spelling("ask-ca")): \(error)."])
        }
        if !configured.isGiven("max-connections") {
            configured.target.server.connectionsMax = ServerConfiguration.connectionsMax(openFiles: openFiles)
        }
    }

    /// Says what is wrong, on standard error.
    static func tell(_ fault: ConfigurationFault) {
        // A name in a file may hold anything.
        let lines = fault.lines.map { "sluice: \(TerminalText.printable($0))\n" }.joined()
        FileHandle.standardError.write(Data(lines.utf8))
    }

    /// A configuration file to begin with.
    static var example: String {
        table.example(heading: [
            "Sluice's configuration. Every option is here, with its default where there is one; what has a # is off.",
            "", "    sluice check-config --config FILE    says what is in force, and what is wrong",
            "    sluice serve --config FILE",
        ])
    }

    private static func readFile(_ path: String) throws(ConfigurationFault) -> String {
        if path.isEmpty { throw ConfigurationFault(["--config takes a file."]) }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try FileContent.bytes(path: FilePath(path), countMax: fileBytesMax)
        } catch {
            throw ConfigurationFault(["\(path): \(error)"])
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationFault(["\(path): not UTF-8."])
        }
        return text
    }
}
