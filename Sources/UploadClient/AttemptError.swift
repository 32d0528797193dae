internal import HTTP
internal import HTTPClient

/// Why an attempt came to nothing.
enum AttemptError: Error {
    /// Worth another attempt, after the time that the server asked for, if it did.
    case transient(String, retryAfterSeconds: Int64? = nil)
    /// Worth another attempt at once: a connection that had been kept was closed by the server.
    case stale(String)
    case final(UploadFailure)

    static func network(_ text: String) -> AttemptError { .final(UploadFailure(.network, text)) }
    static func local(_ text: String) -> AttemptError { .final(UploadFailure(.local, text)) }

    /// What it means for an upload that there was no answer.
    init(_ failure: ExchangeFailure) {
        switch failure.kind {
        case .lost: self = .transient(failure.description)
        case .stale: self = .stale(failure.description)
        case .untrusted: self = .network("\(failure.description) (see --cacert and --insecure)")
        case .local: self = .local(failure.description)
        case .content(let error as AttemptError): self = error
        case .content(let error): self = .local("\(error)")
        case .unknownHost, .notHTTP, .proxy, .redirects, .cancelled: self = .network(failure.description)
        }
    }
}

extension Answer {
    /// Whether it is the no of an application that the server asks about uploads. Its status is that application's own
    /// and says nothing of the upload or the connection.
    var isApplicationsNo: Bool { errorCode == "refused-by-application" }

    /// Whether that no holds until a person asks again, and not for a time only.
    var isApplicationsLastNo: Bool { isApplicationsNo && status.code != 429 && retryAfterSeconds == nil }

    /// Whether the upload is not there any more.
    var tellsOfLoss: Bool { !isApplicationsNo && (status == .notFound || status.code == 410) }

    /// The address of an upload that was made and filled, and is not finished since the application does not want it,
    /// or could not be asked: made anew it would be there twice.
    var unfinishedLocation: HTTPURL? {
        isApplicationsNo || errorCode == "application-unavailable" ? resolvedLocation : nil
    }

    /// What this answer means for somebody who did not want it.
    var failure: AttemptError {
        if isApplicationsNo {
            return isApplicationsLastNo
                ? .final(UploadFailure(.refused, text)) : .transient(text, retryAfterSeconds: retryAfterSeconds)
        }
        switch status.code {
        case 408, 409, 423, 425, 429, 460: return .transient(text, retryAfterSeconds: retryAfterSeconds)
        case 501, 505: break
        case 500...599: return .transient(text, retryAfterSeconds: retryAfterSeconds)
        case 300...399:
            let place = location.map { Answer.printable($0[...]) } ?? "nowhere"
            let question = "is that the address to upload to, or a log-in?"
            return .final(UploadFailure(.refused, "\(text): leads to \(place), and not by 307 or 308; \(question)"))
        case 200...299: return .final(UploadFailure(.refused, "not the answer of an upload server: \(text)"))
        default: break
        }
        return .final(UploadFailure(.refused, text))
    }

    /// The address of an upload that was made.
    func madeLocation() throws(AttemptError) -> HTTPURL {
        guard let location else { throw failure }
        guard let url = resolvedLocation else {
            let place = Answer.printable(location[...])
            throw .network("the server names an address that cannot be used for the upload: \(place)")
        }
        return url
    }
}
