public import HTTP
internal import LinuxSystem

/// What a server answered.
public struct Answer: Sendable {
    /// Who answered: the request's URL, or where redirects led.
    public let url: HTTPURL
    /// The verdict.
    public let status: Status
    let reason: String
    /// The fields as received.
    public let fields: FieldSection
    /// As much of the content as is kept.
    public let content: [UInt8]
    /// Whether there was more of it.
    public let isCut: Bool
    /// Fields that are for the client's own origin alone were left out, since this is another one.
    let lacksOriginFields: Bool

    /// Whether it is a 2xx.
    public var isSuccess: Bool { (200...299).contains(status.code) }

    /// `X-Error-Code`, a word for programs.
    public var errorCode: String? {
        fields.text(FieldName("x-error-code")).map { Answer.printable($0[...]) }
    }

    /// The address that the answer names, as it stands there.
    public var location: String? { fields.text(FieldName("location")) }

    /// The address that the answer names, as a URL; nil where there is none that can be used.
    public var resolvedLocation: HTTPURL? { location.flatMap { url.resolve($0) } }

    /// `413 too-large: The file is larger than this server takes.`
    public var text: String {
        var text = "\(status)"
        if let errorCode { text += " \(errorCode)" }
        let message = self.message ?? (reason.isEmpty ? status.reason : Answer.printable(reason[...]))
        if !message.isEmpty { text += ": " + message }
        if lacksOriginFields, status == .unauthorized || status == .forbidden {
            text += " (fields given for another server are not sent to \(url.authority))"
        }
        return text
    }

    /// How long the server asks to stay away, in seconds; nil where it does not, or says so in a way nobody
    /// understands. `Retry-After` as a number or as a date (RFC 9110 section 10.2.3).
    public var retryAfterSeconds: Int64? {
        let name = FieldName("retry-after")
        if case .value(let seconds) = fields.decimal(name) { return seconds }
        guard let date = fields.text(name).flatMap({ HTTPDate($0) }) else { return nil }
        return max(0, date.secondsSince1970 - SystemClock.wallNanoseconds / 1_000_000_000)
    }

    /// A text from a server without anything that could steer a terminal, and of a bounded length.
    public static func printable(_ text: Substring) -> String {
        let scalars = text.unicodeScalars.prefix(HTTPClientLimits.messageCharacters).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate: Unicode.Scalar(" ")
            case .format where scalar != "\u{200D}" && scalar != "\u{200C}": Unicode.Scalar("?")
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The first line of a plain text, or the title of a problem document (RFC 9457); never a page for browsers.
    private var message: String? {
        guard let text = String(validating: content, as: UTF8.self) else { return nil }
        let type = fields.text(.contentType)?.foldedASCII ?? ""
        if type.startsBytewise(with: "text/plain") || type.isEmpty {
            let line = text.utf8.split { $0 == 0x0A || $0 == 0x0D }.first.map { Substring($0) } ?? ""
            return line.utf8.allSatisfy { (0x30...0x39).contains($0) } ? nil : Answer.printable(line)
        }
        guard type.containsFolded("json") else { return nil }
        let names: [StaticString] = ["\"title\"", "\"message\""]
        return names.lazy.compactMap { JSONSentence.text(behind: $0, in: text) }.first.map { Answer.printable($0[...]) }
    }
}
