extension OutputSpan<UInt8> {
    /// Appends a number in decimal, with zeros in front up to so many digits.
    mutating func append(decimal number: UInt64, digits: Int) {
        var (unit, count) = (UInt64(1), 1)
        while count < digits || number / unit >= 10 {
            unit *= 10
            count += 1
        }
        while unit > 0 {
            append(.zero + UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }
}
