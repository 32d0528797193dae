internal import HTTP

/// When published keys are read again.
struct KeySchedule {
    /// Readings that failed, one after the other.
    private var failures = 0

    /// They were read. How long they are good for, in nanoseconds: as their publisher says, within bounds.
    mutating func read(_ fields: FieldSection) -> Int64 {
        failures = 0
        guard let seconds = KeySchedule.maxAge(fields) else { return ServerLimits.keysNanoseconds }
        let nanoseconds = min(seconds, 1 << 32) * 1_000_000_000
        return min(max(nanoseconds, ServerLimits.keysNanosecondsMin), ServerLimits.keysNanosecondsMax)
    }

    /// They were not. How long to wait before the next try, in nanoseconds.
    mutating func failed() -> Int64 {
        failures = min(failures + 1, 32)
        return min(ServerLimits.keysRetryNanoseconds << min(failures - 1, 16), ServerLimits.keysNanosecondsMin)
    }

    /// RFC 9111 5.2.2.1
    private static func maxAge(_ fields: FieldSection) -> Int64? {
        for directive in fields.text(cacheControl)?.pieces(between: ",") ?? [] {
            let sides = directive.pieces(between: "=", piecesMax: 2)
            if sides.count == 2, sides[0].withoutBlanks.foldedASCII == "max-age" {
                let digits = sides[1].withoutBlanks.utf8.filter { $0 != 0x22 }
                return Int64(String(decoding: digits, as: UTF8.self)).flatMap { $0 < 0 ? nil : $0 }
            }
        }
        return nil
    }

    private static let cacheControl = FieldName("cache-control")
}
