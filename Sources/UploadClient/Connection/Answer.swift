internal import HTTP

/// What a server answered.
struct Answer {
    let status: Status
    let reason: String
    let fields: FieldSection
    /// As much of the content as is kept.
    let content: [UInt8]

    var isSuccess: Bool { (200...299).contains(status.code) }

    /// `X-Error-Code`, a word for programs.
    var errorCode: String? { fields.text(FieldName("x-error-code")) }

    var location: String? { fields.text(FieldName("location")) }

    var uploadOffset: Int64? {
        guard case .value(let offset) = fields.decimal(FieldName("upload-offset")) else { return nil }
        return offset
    }

    var uploadLength: Int64? {
        guard case .value(let length) = fields.decimal(FieldName("upload-length")) else { return nil }
        return length
    }

    /// Whether `Upload-Complete` says that the file is whole; parameters behind the value mean nothing.
    var isUploadComplete: Bool { fields.text(FieldName("upload-complete"))?.hasPrefix("?1") ?? false }

    /// `413 too-large: The file is larger than this server takes.`
    var text: String {
        var text = "\(status)"
        if let errorCode { text += " \(errorCode)" }
        let message = self.message ?? (reason.isEmpty ? status.reason : reason)
        return message.isEmpty ? text : text + ": " + message
    }

    /// What this answer means for somebody who did not want it.
    var failure: AttemptError {
        switch status.code {
        case 408, 409, 423, 425, 429, 460: return .transient(text, retryAfterSeconds: retryAfterSeconds)
        case 501, 505: break
        case 500...599: return .transient(text, retryAfterSeconds: retryAfterSeconds)
        case 300...399:
            return .final(
                UploadFailure(.refused, "\(text); the server wants another address: \(location ?? "unknown")"))
        case 200...299: return .final(UploadFailure(.refused, "not the answer of an upload server: \(text)"))
        default: break
        }
        return .final(UploadFailure(.refused, text))
    }

    private var retryAfterSeconds: Int64? {
        guard case .value(let seconds) = fields.decimal(FieldName("retry-after")) else { return nil }
        return seconds
    }

    /// The first line of a plain text, or the title of a problem document (RFC 9457); never a page for browsers.
    private var message: String? {
        guard let text = String(validating: content, as: UTF8.self) else { return nil }
        let type = fields.text(.contentType)?.lowercased() ?? ""
        if type.hasPrefix("text/plain") || type.isEmpty {
            let line = text.split(whereSeparator: \.isNewline).first ?? ""
            return line.isEmpty || line.allSatisfy(\.isNumber) ? nil : Answer.printable(line)
        }
        guard type.contains("json") else { return nil }
        for key in ["\"title\":\"", "\"message\":\""] {
            if let start = text.firstRange(of: key)?.upperBound {
                return Answer.printable(text[start...].prefix { $0 != "\"" })
            }
        }
        return nil
    }

    /// Without anything that could steer a terminal.
    private static func printable(_ text: Substring) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String(String.UnicodeScalarView(scalars)).prefix(ClientLimits.messageCharacters))
    }
}
