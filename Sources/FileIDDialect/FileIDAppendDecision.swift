public import HTTP
public import Uploads

/// What is to be done with a `POST /upload`, given the upload as it stands settled.
///
/// | record            | start     | body  | decision                        |
/// |-------------------|-----------|-------|---------------------------------|
/// | another dialect's | any       | any   | refuse 409                      |
/// | none              | 0         | any   | begin                           |
/// | none              | > 0       | any   | refuse 409, count 0             |
/// | open, N bytes     | = N       | any   | append at N                     |
/// | open, N bytes     | 0         | any   | restart, unless `X-Restart: no` |
/// | finished, N bytes | = N       | empty, or chunked for a file of N bytes | already there, 200 |
/// | finished, N bytes | 0         | any   | restart beside the finished file, unless `X-Restart: no` |
/// | failed, expired   | 0         | any   | restart                         |
/// | any               | otherwise | any   | refuse 409, the true count      |
///
/// A request whose start would do, but that implies another file size than the recorded one, or fewer bytes than are
/// stored, is refused with 409, too.
/// (A failed or expired upload forgets its size: nothing of it is left.)
public enum FileIDAppendDecision: Equatable, Sendable {
    /// Make the record, then append from byte 0. `length` is the whole file's, nil while unknown.
    case begin(length: Int64?)
    /// Append at the recorded offset. `length` is to be recorded where it was not known before.
    case append(at: Offset, length: Int64?)
    /// Back to byte 0, then append.
    case restart(length: Int64?)
    /// Every byte is there already.
    case alreadyFinished

    public init(_ request: FileIDAppendRequest, upload: Upload?) throws(Refusal) {
        guard let upload else {
            guard request.startByte == 0 else { throw FileIDAppendDecision.wrongStart(count: .zero) }
            self = .begin(length: request.fileLength)
            return
        }
        try FileIDAnswer.checkDialect(upload)
        let isRestart = request.startByte == 0 && (request.mayRestart || upload.offset == .zero)
        if upload.state == .failed || upload.state == .expired {
            guard isRestart else {
                throw upload.state == .failed ? FileIDAnswer.damaged : FileIDAppendDecision.wrongStart(count: .zero)
            }
            self = .restart(length: request.fileLength)
            return
        }
        guard isRestart || request.startByte == upload.offset.bytes else {
            throw FileIDAppendDecision.wrongStart(count: upload.offset)
        }
        if let known = upload.length, let told = request.fileLength, known != told {
            throw FileIDAppendDecision.wrongSize(known: known, told: told, count: upload.offset)
        }
        if let told = request.fileLength, told < upload.offset.bytes, !isRestart {
            throw FileIDAppendDecision.tooSmall(told: told, count: upload.offset)
        }
        let length = upload.length ?? request.fileLength
        switch upload.state {
        case .open where request.startByte == upload.offset.bytes: self = .append(at: upload.offset, length: length)
        case .finished where request.startByte == upload.offset.bytes && request.fileLength == upload.offset.bytes:
            self = .alreadyFinished
        case .finished where !isRestart: throw FileIDAppendDecision.wrongStart(count: upload.offset)
        default: self = .restart(length: length)
        }
    }

    private static func wrongStart(count: Offset) -> Refusal {
        Refusal(
            .conflict, reason: "Wrong start byte", code: "wrong-start-byte",
            "The start byte is not the number of bytes stored.", body: count.description)
    }

    private static func tooSmall(told: Int64, count: Offset) -> Refusal {
        Refusal(
            .conflict, reason: "Wrong file size", code: "wrong-file-size",
            "\(count) bytes of this file are stored already, so it has not \(told).", body: count.description)
    }

    private static func wrongSize(known: Int64, told: Int64, count: Offset) -> Refusal {
        Refusal(
            .conflict, reason: "Wrong file size", code: "wrong-file-size",
            "This file id belongs to a file of \(known) bytes, not \(told).", body: count.description)
    }
}
