/// A moment as text (RFC 3339), in UTC and with milliseconds: `2026-01-31T23:59:59.123Z`.
public enum Timestamp {
    /// - Parameter milliseconds: since 1970-01-01 UTC; one before that is told as that.
    public static func text(milliseconds: Int64) -> String {
        var bytes: [UInt8] = []
        append(milliseconds: milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends it. Written digit by digit: every line of the log has one.
    public static func append(milliseconds: Int64, to bytes: inout [UInt8]) {
        let milliseconds = UInt64(max(0, milliseconds))
        let (days, inDay) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        // Civil date from days, counting years from March so that the leap day comes last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        append(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(inDay / 3_600_000, digits: 2, to: &bytes)
        bytes.append(.colon)
        append(inDay / 60_000 % 60, digits: 2, to: &bytes)
        bytes.append(.colon)
        append(inDay / 1000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(inDay % 1000, digits: 3, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// In decimal, with zeros in front up to so many digits.
    private static func append(_ number: UInt64, digits: Int, to bytes: inout [UInt8]) {
        var (unit, count) = (UInt64(1), 1)
        while count < digits || number / unit >= 10 {
            unit *= 10
            count += 1
        }
        while unit > 0 {
            bytes.append(.zero + UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }
}
