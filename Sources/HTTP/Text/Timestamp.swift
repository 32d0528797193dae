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
        // The last millisecond that there is falls into a year of nine digits.
        bytes.append(addingCapacity: 29) { (output: inout OutputSpan<UInt8>) in
            output.append(decimal: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), digits: 4)
            output.append(.dash)
            output.append(decimal: month, digits: 2)
            output.append(.dash)
            output.append(decimal: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, digits: 2)
            output.append(UInt8(ascii: "T"))
            output.append(decimal: inDay / 3_600_000, digits: 2)
            output.append(.colon)
            output.append(decimal: inDay / 60_000 % 60, digits: 2)
            output.append(.colon)
            output.append(decimal: inDay / 1000 % 60, digits: 2)
            output.append(.dot)
            output.append(decimal: inDay % 1000, digits: 3)
            output.append(UInt8(ascii: "Z"))
        }
    }
}
