internal import HTTP
internal import Uploads

extension Upload? {
    /// The upload, if it is there.
    ///
    /// - Throws: 404 for what was never there or is swept, 410 for what is past its time.
    func found(nowSeconds: Int64) throws(Refusal) -> Upload {
        guard let self else {
            throw .tus(.notFound, code: "unknown-upload", "There is no upload at this address.")
        }
        guard self.state != .expired, !self.isExpired(nowSeconds: nowSeconds) else {
            throw .tus(.gone, code: "upload-expired", "This upload was not continued in time.")
        }
        return self
    }
}

extension Upload {
    /// Refuses what is damaged, with 410: the client has to make a new one, which libraries do on a 4xx, not on a 5xx.
    func checkSound() throws(Refusal) {
        guard state != .failed else {
            throw .tus(
                .gone, code: "upload-damaged", "Bytes of this upload that were stored are gone. Create a new one.")
        }
    }

    /// Refuses what another dialect made: its rules are not these.
    func checkDialect() throws(Refusal) {
        guard dialect == .tus else {
            throw .tus(
                .forbidden, code: "wrong-dialect",
                "This upload was not made by tus (but by \(dialect.rawValue)), so tus can only look at it.")
        }
    }

    /// Whether no byte is missing and nothing is left to do: a part is complete without being delivered.
    var isComplete: Bool { state == .finished || concatenation?.role == .partial && isWhole }
}
