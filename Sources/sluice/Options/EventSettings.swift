import Events
import HTTPClient
import LinuxSystem
import Storage
import TLS

/// Who is told of events, as the options say.
struct EventSettings: Sendable {
    var urls: [HTTPURL] = []
    var secrets: [WebhookSecret] = []
    var programs: [String] = []
    var format = EventFormat.cloudevents
    var kinds: Set<UploadEvent.Kind> = []
    var programKinds: Set<UploadEvent.Kind> = []
    var authoritiesFile: String?
    var attemptSeconds: Int64 = EventsLimits.attemptNanoseconds / 1_000_000_000
    var programSeconds: Int64 = EventsLimits.programNanoseconds / 1_000_000_000
    var giveUpSeconds: Int64 = EventsLimits.giveUpMilliseconds / 1000

    var delivery: DeliveryConfiguration {
        var delivery = DeliveryConfiguration()
        delivery.targets = urls.map {
            .webhook(Webhook(url: $0, format: format, kinds: kinds.isEmpty ? nil : kinds, secrets: secrets))
        }
        delivery.targets += programs.map {
            .program(Program(path: $0, format: format, kinds: programKinds.isEmpty ? nil : programKinds))
        }
        delivery.programNanoseconds = programSeconds * 1_000_000_000
        delivery.attemptNanoseconds = attemptSeconds * 1_000_000_000
        delivery.giveUpMilliseconds = giveUpSeconds == 0 ? nil : giveUpSeconds * 1000
        if let authoritiesFile { delivery.trust = .certificateAuthorities(file: authoritiesFile) }
        delivery.proxies = ProxySettings(environment: EventSettings.environment)
        return delivery
    }

    static var environment: [String: String] {
        Dictionary(
            Environment.all.map {
                (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
            },
            uniquingKeysWith: { first, _ in first })
    }

    /// The most secrets that a rotation takes, and more.
    private static let secretsMax = 4

    /// What is wrong with them together.
    func faults(
        hasPlace: Bool, hasQuestions: Bool, _ isChanged: (String) -> Bool, _ spelling: (String) -> String
    ) -> [String] {
        var faults: [String] = []
        func stray(_ options: [String], _ wanted: String) {
            faults += options.filter(isChanged).map { "\(spelling($0)) says something of \(wanted): name one." }
        }
        if urls.isEmpty {
            stray(["webhook-events", "webhook-ca", "webhook-timeout"], "--webhook")
            if !hasQuestions { stray(["webhook-secret"], "--webhook, --ask-create or --ask-finish") }
        }
        if programs.isEmpty { stray(["exec-events", "exec-timeout"], "--exec") }
        if urls.isEmpty, programs.isEmpty {
            stray(["webhook-format", "webhook-give-up"], "--webhook or --exec")
            if !hasPlace { stray(["events-max", "events-full"], "--webhook, --exec, --deliver or --deliver-s3") }
        }
        if Set(urls).count < urls.count { faults.append("\(spelling("webhook")) names a URL twice.") }
        if Set(programs).count < programs.count { faults.append("\(spelling("exec")) names a program twice.") }
        if urls.count + programs.count > EventsLimits.targetsMax {
            let count = urls.count + programs.count
            faults.append("\(count) of --webhook and --exec are more than \(EventsLimits.targetsMax).")
        }
        if secrets.count > EventSettings.secretsMax {
            faults.append(
                "\(secrets.count) of \(spelling("webhook-secret")) are more than \(EventSettings.secretsMax).")
        }
        let untold = kinds.union(programKinds).subtracting(format.kinds)
        if !untold.isEmpty {
            let words = untold.map(\.word).sorted().joined(separator: ", ")
            faults.append("\(spelling("webhook-format")) \(format.rawValue) has no word for \(words).")
        }
        if authoritiesFile != nil, !urls.isEmpty, !urls.contains(where: \.usesTLS) {
            faults.append("\(spelling("webhook-ca")) says something of https, and no --webhook is.")
        }
        return faults
    }
}
