/// How a part or a response is meant to be kept: Content-Disposition of RFC 6266 and, for forms, RFC 7578 4.2.
///
/// Reads what browsers and curl really send: raw UTF-8 (or Latin-1) in quotes, `%22` for a quote, backslashes that
/// are part of a Windows path. A name here is what the client says; it is not safe as a path.
public struct ContentDisposition: Hashable, Sendable {
    /// In lower case, like `form-data`, `attachment` or `inline`.
    public let type: String
    /// The name of the form's control.
    public let name: String?
    /// The file's name: `filename*` if it is there and valid, else `filename`.
    public let filename: String?

    /// Nil if malformed, if a parameter comes twice, or if a name is told in a way that cannot be read: in pieces
    /// (`filename*0`, RFC 2231), or in a charset that nobody has to know.
    public init?(_ text: String) {
        var scanner = ParameterScanner(text, escapes: .quoteAndBackslash)
        guard let type = scanner.token(), let parameters = scanner.parameters() else { return nil }
        self.type = type
        func value(_ name: String) -> String? { parameters.first { $0.name == name }?.value }
        for parameter in parameters where parameter.name.startsBytewise(with: "filename") {
            guard parameter.name == "filename" || parameter.name == "filename*" else { return nil }
        }
        name = value("name").map(ContentDisposition.unescaped)
        filename =
            value("filename*").flatMap(ContentDisposition.extended)
            ?? value("filename").map(ContentDisposition.unescaped)
        if filename == nil, value("filename*") != nil { return nil }
    }

    /// The file's name that the fields of a message tell; nil where they tell none.
    ///
    /// - Throws: 400 `bad-disposition` for a field that cannot be read, or comes twice: to leave it aside would be to
    ///   store the file under another name than was meant.
    public static func filename(toldBy fields: FieldSection) throws(Refusal) -> String? {
        guard let text = fields.text(.contentDisposition) else { return nil }
        guard fields.count(of: .contentDisposition) == 1, let disposition = ContentDisposition(text) else {
            throw Refusal(
                .badRequest, code: "bad-disposition",
                "Content-Disposition cannot be read. A name with spaces or other marks stands in quotes.")
        }
        return disposition.filename
    }

    /// A value for a download that is to be saved as `filename`: an ASCII form for old programs and the exact one.
    public static func attachment(filename: String) -> String {
        let ascii = String(
            String.UnicodeScalarView(
                filename.unicodeScalars.map {
                    $0.value < 0x80 && UInt8($0.value).isText && $0 != "\"" && $0 != "\\" && $0 != "%" ? $0 : "_"
                }))
        let plain = "attachment; filename=\(QuotedString.quote(ascii))"
        return ascii == filename ? plain : plain + "; filename*=\(PercentEncoding.extendedValue(filename))"
    }

    /// Only the three escapes that the HTML standard makes; any other `%` is part of the name.
    private static func unescaped(_ value: String) -> String {
        guard value.utf8.contains(.percent) else { return value }
        var bytes: [UInt8] = []
        var rest = Array(value.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == .percent, rest.count >= 2, let high = rest[rest.startIndex].hexadecimalValue,
                let low = rest[rest.startIndex + 1].hexadecimalValue
            else {
                bytes.append(byte)
                continue
            }
            let meant = high << 4 | low
            if meant == .quote || meant == .carriageReturn || meant == .lineFeed {
                bytes.append(meant)
                rest.removeFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `charset'language'encoded` (RFC 8187 3.2); UTF-8 and ISO-8859-1 only, nil if malformed.
    private static func extended(_ value: String) -> String? {
        let pieces = value.pieces(between: "'", piecesMax: 3)
        guard pieces.count == 3, let bytes = PercentEncoding.decode(Array(pieces[2].utf8)) else { return nil }
        switch pieces[0].foldedASCII {
        case "utf-8": return String(validating: bytes, as: UTF8.self)?.streamSafe
        case "iso-8859-1": return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }
}
