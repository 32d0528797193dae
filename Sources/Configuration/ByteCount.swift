/// A number of bytes as people write it: `1048576`, `512K`, `64M`, `2G`, `1T`, `1GiB`, in powers of 1024; `10MB` in
/// powers of 1000, as GNU's programs read it.
public struct ByteCount: Sendable, CustomStringConvertible {
    /// 0 or more.
    public let bytes: Int64

    public init(_ bytes: Int64) { self.bytes = bytes }

    /// Nil for what is no such text.
    public init?(_ text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty, let number = Int64(digits),
            let unit = ByteCount.unit(text[digits.endIndex...].lowercased())
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        bytes = product
    }

    private static func unit(_ text: String) -> Int64? {
        if text.isEmpty { return 1 }
        guard let power = ["k", "m", "g", "t"].firstIndex(of: text.prefix(1)) else { return nil }
        let base: Int64
        switch text.dropFirst() {
        case "", "i", "ib": base = 1024
        case "b": base = 1000
        default: return nil
        }
        return (0..<power).reduce(base) { product, _ in product * base }
    }

    public var description: String {
        for (unit, factor) in [("T", Int64(1) << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
        where bytes >= factor && bytes % factor == 0 {
            return "\(bytes / factor)\(unit)"
        }
        return String(bytes)
    }
}
