/// A number of bytes as people write it: `65536`, `64K`, `64M`, `1G`; powers of 1024.
struct ByteAmount: Equatable, Sendable {
    let bytes: Int64

    /// Nil where the text is no such number, or one past Int64.
    init?(_ text: String) {
        let shift: Int64
        switch text.last {
        case "K", "k": shift = 10
        case "M", "m": shift = 20
        case "G", "g": shift = 30
        default: shift = 0
        }
        let digits = shift == 0 ? text[...] : text.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        bytes = product
    }

    /// The shortest text that gives the same number.
    static func text(of bytes: Int64) -> String {
        for (unit, shift) in [("GiB", Int64(30)), ("MiB", 20), ("KiB", 10)]
        where bytes >= 1 << shift && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift) \(unit)"
        }
        return "\(bytes) B"
    }
}
