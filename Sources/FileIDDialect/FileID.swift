public import HTTP
public import Uploads

/// The name that a client of this dialect made for its file: `name-size-lastModified`, in bytes as they arrived.
///
/// Opaque, and hostile: names, dots, slashes, quotes, any Latin-1 byte. It never becomes a path or a key by itself; the
/// server hashes it.
public struct FileID: Hashable, Sendable {
    /// 1…1,024 bytes, no control bytes, no white space at the ends.
    public let bytes: [UInt8]

    /// The longest id, in bytes.
    public static let bytesMax = 1024

    /// Takes the id from `X-File-Id`.
    public init(_ head: RequestHead) throws(Refusal) {
        guard let bytes = head.fields.bytes(FileIDField.fileID), !bytes.isEmpty else {
            throw Refusal(
                .badRequest, reason: "No file id", code: "no-file-id", "The X-File-Id field is missing or empty.")
        }
        guard head.fields.count(of: FileIDField.fileID) == 1 else {
            throw Refusal(
                .badRequest, reason: "Bad file id", code: "bad-file-id", "The X-File-Id field was sent more than once.")
        }
        guard bytes.count <= FileID.bytesMax, bytes.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }) else {
            throw Refusal(
                .badRequest, reason: "Bad file id", code: "bad-file-id",
                "The X-File-Id field takes 1 to \(FileID.bytesMax) bytes without control characters.")
        }
        self.bytes = bytes
    }

    /// The file's own name, read out of the id: what comes before the last two numbers.
    public var derivedName: CleanName {
        var name = bytes[...]
        if let withoutTime = FileID.droppingNumber(name, mayBeNegative: true),
            let withoutSize = FileID.droppingNumber(withoutTime, mayBeNegative: false)
        {
            name = withoutSize
        }
        if let text = String(validating: name, as: UTF8.self) { return CleanName(text) }
        // Browsers put names into fields as Latin-1.
        var scalars = String.UnicodeScalarView()
        for byte in name { scalars.append(Unicode.Scalar(byte)) }
        return CleanName(String(scalars))
    }

    /// Takes `-digits` off the end, `--digits` too where the number may be negative (a time before 1970).
    private static func droppingNumber(_ bytes: ArraySlice<UInt8>, mayBeNegative: Bool) -> ArraySlice<UInt8>? {
        let hyphen = UInt8(ascii: "-")
        guard let last = bytes.lastIndex(of: hyphen) else { return nil }
        let digits = bytes[(last + 1)...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        let rest = bytes[..<last]
        return mayBeNegative && rest.last == hyphen ? rest.dropLast() : rest
    }
}
