/// Bytes as hexadecimal digits.
public enum HexText {
    /// Two lower-case digits a byte.
    public static func lowercase(_ bytes: [UInt8]) -> String {
        bytes.map { "\($0 < 16 ? "0" : "")\(String($0, radix: 16))" }.joined()
    }
}
