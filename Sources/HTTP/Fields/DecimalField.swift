/// A field that should hold one non-negative decimal number.
public enum DecimalField: Hashable, Sendable {
    /// The field was not sent.
    case absent
    /// Digits only, 0 to 2^63 − 1.
    case value(Int64)
    /// Anything else: a sign, a space inside, a fraction, too large, empty, or two different numbers.
    case malformed
}

extension Int64 {
    /// The number that the digits of `bytes` in `range` spell; nil unless there is at least one digit, nothing but
    /// digits, and no overflow.
    init?(digits bytes: [UInt8], _ range: Range<Int>) {
        guard !range.isEmpty else { return nil }
        var value: Int64 = 0
        for index in range {
            let byte = bytes[index]
            guard byte.isDigit else { return nil }
            let (tens, tensOverflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = tens.addingReportingOverflow(Int64(byte &- .zero))
            guard !tensOverflow, !sumOverflow else { return nil }
            value = sum
        }
        self = value
    }
}
