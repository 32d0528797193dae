/// How values are written. Pure.
public enum OptionText {
    /// What the names of all variables begin with.
    static let variablePrefix = "SLUICE_"

    /// Bytes of one value, which may stand in every answer: as many as the longest address that HTTP programs take. The
    /// longest path of the system has half as many.
    public static let bytesMax = 8192

    /// A whole number in decimal digits, within bounds.
    public static func number<Number: FixedWidthInteger>(
        _ text: String, in range: ClosedRange<Number>, of unit: String = ""
    ) throws(OptionFault) -> Number {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isPlain, let number = Number(text), range.contains(number) else {
            throw OptionFault("takes \(range.lowerBound) to \(range.upperBound)\(unit), not '\(text)'")
        }
        return number
    }

    /// A number of bytes, within bounds.
    public static func bytes(
        _ text: String, in range: ClosedRange<Int64>, of unit: String = " bytes"
    ) throws(OptionFault) -> Int64 {
        guard let count = ByteCount(text)?.bytes, range.contains(count) else {
            let (least, most) = (ByteCount(range.lowerBound), ByteCount(range.upperBound))
            throw OptionFault("takes \(least) to \(most)\(unit), with K, M, G or T behind the number, not '\(text)'")
        }
        return count
    }

    /// The words of YAML, and those of switches.
    static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "on", "yes": true
        case "false", "off", "no": false
        default: nil
        }
    }
}
