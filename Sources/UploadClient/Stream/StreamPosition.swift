internal import HTTPClient

/// How far a stream has come, and whether what a server says of it can be true; the meter follows it.
struct StreamPosition {
    /// The piece on its way; nil before the first and between two.
    var chunk: StreamChunk?
    /// The upload's address; nil before it is made.
    var url: HTTPURL?
    /// Bytes that the server has; nil while that must be asked.
    private(set) var offset: Int64?
    /// The most that it has ever confirmed.
    private(set) var confirmed: Int64 = 0
    private let meter: Meter

    init(_ meter: Meter) { self.meter = meter }

    /// Whatever goes wrong from here on, only the server knows how far it came.
    mutating func becomesUnknown() { offset = nil }

    /// Takes what the server says that it has.
    ///
    /// - Throws: where that is not within what is in memory: less is lost for good, more was never sent.
    mutating func settle(_ told: Int64) throws(AttemptError) {
        let sent = chunk?.range.upperBound ?? 0
        guard told <= sent else {
            throw .final(
                UploadFailure(.refused, "the server says that it has \(told) bytes, which is more than it was sent"))
        }
        guard told >= chunk?.range.lowerBound ?? 0 else { throw StreamPosition.isGone }
        offset = told
        confirmed = max(confirmed, told)
        meter.set(told, of: 0)
    }

    /// Takes what the server says that it has after an append of `range`.
    mutating func settle(_ told: Int64, after range: Range<Int64>, _ answer: Answer) throws(AttemptError) {
        guard told > range.lowerBound || range.isEmpty else {
            throw .transient("the server took nothing: \(answer.text)")
        }
        try settle(told)
    }

    /// Shows bytes as they are sent, until the upload is given up.
    func progress(from start: Int64) -> (Int64) -> Bool {
        { [meter] sent in
            meter.set(start + sent, of: 0)
            return !meter.isGivenUp
        }
    }

    /// The server has lost the upload. While the first piece is in memory it can begin anew.
    mutating func beginAnew(_ answer: Answer) throws(AttemptError) -> Never {
        meter.set(0, of: 0)
        guard chunk?.range.lowerBound == 0 else { throw StreamPosition.isGone }
        (url, offset) = (nil, nil)
        throw .transient("the upload is gone (\(answer.text)), beginning anew")
    }

    private static var isGone: AttemptError {
        .network("the server has lost what it had, and what was read from standard input cannot be read again")
    }
}
