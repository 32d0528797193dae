import Uploads

/// A record as a server with any options may have left it, and what else a request meets; from the first bytes of an
/// input.
struct FuzzedRecord {
    static let byteCount = 8
    static let id = UploadID(high: 1, low: 2)
    static let nowSeconds: Int64 = 1_800_000_000
    private static let numbers: [Int64] = [0, 1, 40, 99, 100, 1000, 1001, UploadLimits.lengthMax, .max - 1, .max]

    /// Nil where there is none.
    let upload: Upload?
    /// What the server takes now, as options can say it; it may have taken more.
    let sizeMax: Int64
    /// How many bytes the body brings that does not say so.
    let bodyBytes: Int64
    /// A list of records that a final upload may name.
    let parts: [Upload?]

    init(_ bytes: ArraySlice<UInt8>) {
        let spec = Array(bytes)
        sizeMax = FuzzedRecord.length(spec[0])
        bodyBytes = FuzzedRecord.number(spec[1])
        let record = FuzzedRecord.record(spec[2], offset: spec[3], length: spec[4], spec[5], id: FuzzedRecord.id)
        let other = FuzzedRecord.record(
            spec[6], offset: spec[7], length: spec[7], spec[5], id: UploadID(high: 1, low: 3))
        upload = record
        parts = spec[2] & 1 == 0 ? [record, other, record] : [other, record]
    }

    private static func number(_ byte: UInt8) -> Int64 { numbers[Int(byte) % numbers.count] }

    /// One that a file may have.
    private static func length(_ byte: UInt8) -> Int64 { min(number(byte), UploadLimits.lengthMax) }

    private static func record(
        _ kind: UInt8, offset: UInt8, length: UInt8, _ rest: UInt8, id: UploadID
    ) -> Upload? {
        let dialects = DialectName.allCases
        let states: [UploadState] = [.open, .open, .finished, .failed, .expired]
        let index = Int(kind / 4) % (states.count + 1)
        guard index < states.count else { return nil }
        let state = states[index]
        var known = length % 3 == 0 ? nil : FuzzedRecord.length(length / 3)
        var stored = FuzzedRecord.length(offset)
        // No record has more than its length, and one that is finished has all of it.
        if let length = known { stored = min(stored, length) }
        if state == .expired { stored = 0 }
        if state == .finished {
            if let length = known { stored = length } else { known = stored }
        }
        // The ends of what the catalogue lets through (`CatalogueRow`).
        let times = [1, UploadLimits.secondsRange.lowerBound, UploadLimits.secondsRange.upperBound]
        let finished = FinishedFile(
            name: .fallback, length: stored, finishedNanoseconds: [1, 0, .max][Int(rest >> 3) % 3])
        return Upload(
            id: id, dialect: dialects[Int(kind) % dialects.count], state: state, offset: Offset(stored),
            length: known, name: .fallback, createdSeconds: times[Int(rest >> 5) % 3],
            expiresSeconds: [nil, times[0], times[1], times[2]][Int(rest) % 4],
            finished: state == .finished || rest & 4 != 0 ? finished : nil,
            concatenation: concatenation(rest / 8, isFinished: state == .finished))
    }

    /// A part is never a file by itself.
    private static func concatenation(_ byte: UInt8, isFinished: Bool) -> Concatenation? {
        switch byte % 4 {
        case 0 where !isFinished: Concatenation(.partial, text: "partial")
        case 1: Concatenation(.final([UploadID(high: 1, low: 3)]), text: "final;/files/00")
        default: nil
        }
    }
}
