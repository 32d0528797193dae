internal import HTTP
internal import Logging
internal import Storage
internal import Uploads

extension ServerContext {
    /// What the client is told of the store's troubles. Troubles of the server's own are logged here.
    func refusal(for error: StorageError, upload: UploadID?) -> Refusal {
        switch error {
        case .noSpace:
            return Refusal(
                .insufficientStorage, reason: "No space left", code: error.code,
                "The disk has no room, for bytes or for files. What was told as stored is kept; try again later.",
                fields: [("Retry-After", "\(ServerLimits.retryAfterShortageSeconds)")])
        case .tooManyUploads:
            return Refusal(
                .serviceUnavailable, reason: "Too many uploads", code: error.code,
                "As many unfinished uploads are here as may be; nothing new is begun. Try again later.",
                fields: [("Retry-After", "\(ServerLimits.retryAfterShortageSeconds)")])
        case .eventsFull:
            return Refusal(
                .serviceUnavailable, reason: "Too many events", code: error.code,
                "Too many events wait for those who are to be told of them; nothing new is begun. Try again later.",
                fields: [("Retry-After", "\(ServerLimits.retryAfterShortageSeconds)")])
        case .overLimit(let bound):
            return bound.refusal
        case .fileTooLarge:
            return Refusal(
                .contentTooLarge, code: error.code,
                "The file is longer than the server's file system or its limits allow. What was told as stored is kept."
            )
        case .superseded:
            return .superseded(reason: "Superseded by a newer request")
        case .busy:
            return Refusal(
                .serviceUnavailable, reason: "Upload busy", code: error.code,
                "Another request has the upload, and does not let go of it yet. Try again later.",
                fields: [("Retry-After", "\(ServerLimits.retryAfterRefusalSeconds)")])
        case .newerRecord:
            return Refusal(
                .serviceUnavailable, reason: "Record of a newer version", code: error.code,
                "A newer version of the server began this upload, and keeps it. Try again later.",
                fields: [("Retry-After", "\(ServerLimits.retryAfterShortageSeconds)")])
        case .unknownUpload:
            return Refusal(.notFound, code: error.code, "There is no such upload, or none any more.")
        case .wrongOffset(let recorded):
            return Refusal(
                .conflict, code: error.code, "The append does not start where the upload ends.",
                fields: [("Upload-Offset", recorded.description)])
        case .closed:
            return ServerContext.stoppingRefusal
        default:
            log.logger.error(
                "storage", metadata: ["upload": "\(upload.map(\.description) ?? "-")", "error": "\(error)"])
            return Refusal(
                .internalServerError, reason: "File error", code: error.code, "The server could not store the bytes.")
        }
    }

    /// Sent to whoever is interrupted by the server's stop: not the client's fault, and worth a retry at once.
    static var stoppingRefusal: Refusal {
        stopping("What came of an upload is kept; ask and go on.")
    }

    /// The same for what nobody can resume: a plain upload, a form.
    static var stoppingForgetfully: Refusal {
        stopping("Nothing of this upload is kept: send it again.")
    }

    private static func stopping(_ detail: String) -> Refusal {
        Refusal(
            .serviceUnavailable, reason: "Server stopping", code: "stopping", "The server is stopping. " + detail,
            fields: [("Retry-After", "1")])
    }
}
