/// What an Accept-Encoding field (RFC 9110 12.5.3) lets a server do.
public enum AcceptEncoding {
    /// Whether gzip may be sent: named, or covered by `*`, with a weight above zero. No field, no gzip.
    public static func allowsGzip(_ field: String?) -> Bool {
        guard let field else { return false }
        var others = false
        for element in field.pieces(between: ",") {
            let pieces = element.pieces(between: ";").map { $0.withoutBlanks.foldedASCII }
            let isAllowed = pieces.dropFirst().allSatisfy { isPositiveWeight($0) }
            switch pieces[0] {
            case "gzip", "x-gzip": return isAllowed
            case "*": others = isAllowed
            default: continue
            }
        }
        return others
    }

    /// `q=` and a number with any digit but zero (RFC 9110 12.4.2).
    private static func isPositiveWeight(_ parameter: String) -> Bool {
        guard parameter.startsBytewise(with: "q=") else { return false }
        return parameter.utf8.dropFirst(2).allSatisfy { $0.isDigit || $0 == .dot }
            && parameter.utf8.dropFirst(2).contains { $0.isDigit && $0 != .zero }
    }
}
