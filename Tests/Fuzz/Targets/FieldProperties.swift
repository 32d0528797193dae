import HTTP
import Uploads

/// The values of fields that the server understands: those of downloads, of forms, and of names.
enum FieldProperties {
    static func check(_ input: [UInt8]) {
        // As `FieldSection` decodes a value.
        let text =
            String(validating: input, as: UTF8.self)
            ?? String(String.UnicodeScalarView(input.map { Unicode.Scalar($0) }))
        var splits = Splits(input)
        checkRange(text, length: Int64(splits.number(in: 0...300)))
        checkRange(text, length: .max)
        checkDate(text, input)
        checkEntityTags(text)
        checkEncodings(text, input)
        checkParameters(text)
        checkIdentities(text)
        checkName(CleanName(text))
        _ = AcceptEncoding.allowsGzip(text)
    }

    private static func checkRange(_ text: String, length: Int64) {
        guard case .satisfiable(let range) = ByteRange(text, length: length) else { return }
        require(range.lowerBound >= 0 && range.upperBound < length, "a range lies in the file: \(range) of \(length)")
        let again = ByteRange("bytes=\(range.lowerBound)-\(range.upperBound)", length: length)
        require(again == .satisfiable(range), "a range means itself")
        require(text.lowercased().hasPrefix("bytes=") && !text.contains(","), "only one range of bytes is one")
    }

    private static func checkDate(_ text: String, _ input: [UInt8]) {
        if let date = HTTPDate(text) {
            // A leap second is the only one that has another name.
            require(date.description == text || text.hasSuffix(":60 GMT"), "a date means itself: \(text) \(date)")
        }
        let seconds = input.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let date = HTTPDate(secondsSince1970: seconds)
        require(date.description.utf8.count == 29, "a date has 29 bytes: \(date)")
        require(HTTPDate(date.description) == date, "a date survives being written")
    }

    private static func checkEntityTags(_ text: String) {
        let tag = EntityTag("0123-9-17")
        let isListed = tag.isListed(inIfNoneMatch: text)
        // Byte by byte: as characters the tag may be one with what follows it.
        let isNamed = text.utf8.contains(42) || Array(text.utf8).contains(Array("\"0123-9-17\"".utf8))
        require(!isListed || isNamed, "a tag is named to be listed")
        require(tag.isListed(inIfNoneMatch: "\(tag), \(text)"), "a tag at the front is listed")
        let date = HTTPDate(secondsSince1970: 784_111_777)
        if tag.allowsRange(ifRange: text, lastModified: date, now: date) {
            require(
                text == tag.description || HTTPDate(anyForm: text, now: date) == date,
                "a range needs the very tag, or date")
        }
        require(
            !EntityTag("a", isWeak: true).allowsRange(ifRange: text, lastModified: nil, now: date),
            "a weak tag gives no range")
        require(!tag.isListed(inIfMatch: text) || isListed, "what matches strongly matches weakly")
    }

    private static func checkEncodings(_ text: String, _ input: [UInt8]) {
        require(Base64.decode(Base64.encode(input)) == input, "bytes survive base 64")
        if let bytes = Base64.decode(text) { require(Base64.encode(bytes) == text, "base 64 has one form") }
        if let bytes = Base64.decodeLeniently(text) {
            require(Base64.decode(Base64.encode(bytes)) == bytes, "what is read leniently can be written")
        }
        let segment = PercentEncoding.segment(text)
        require(PercentEncoding.decode(Array(segment.utf8)) == Array(text.utf8), "text survives percent-encoding")
        require(!segment.utf8.contains { $0 <= 32 || $0 >= 127 || [34, 35, 47, 63].contains($0) }, "a segment is safe")
        if let bytes = PercentEncoding.decode(input) { require(bytes.count <= input.count, "decoding does not grow") }
        require(!(PercentEncoding.decode(text)?.utf8.contains(0) ?? false), "no text holds NUL")
    }

    private static func checkParameters(_ text: String) {
        if let type = MediaType(text) {
            require(MediaType(type.essence)?.essence == type.essence, "a type means itself")
            require(type.essence.utf8.allSatisfy { $0 > 32 && $0 < 127 && !(65...90).contains($0) }, "a type is lower")
            if let boundary = MultipartParser.boundary(of: type) {
                require((1...HTTPLimits.boundaryBytesMax).contains(boundary.count), "a boundary has 1 to 70 bytes")
                _ = MultipartParser(boundary: boundary)
            }
        }
        if let disposition = ContentDisposition(text) {
            require(disposition.type == disposition.type.lowercased(), "a disposition's type is lower")
            if let filename = disposition.filename { checkName(CleanName(filename)) }
        }
        let quoted = QuotedString.quote(text)
        require(!quoted.utf8.contains { $0 < 32 && $0 != 9 || $0 == 127 }, "a quoted string holds no control byte")
        let attachment = ContentDisposition.attachment(filename: text)
        require(!attachment.utf8.contains { $0 < 32 && $0 != 9 || $0 >= 127 }, "a name leaves as ASCII")
        require(ContentDisposition(attachment)?.filename == text, "a name survives the way out: \(attachment)")
        let controlled = String(text.map { $0.asciiValue.map { $0 < 32 || $0 == 127 } ?? false ? " " : $0 })
        require(MediaType("a/b;c=\(QuotedString.quote(controlled))")?.parameter("c") == controlled, "a quote holds")
    }

    private static func checkIdentities(_ text: String) {
        if let id = UploadID(text) { require(id.description == text, "an id has one form") }
        if let concatenation = Concatenation(stored: text) {
            require(Concatenation(stored: concatenation.stored) == concatenation, "a role survives the catalogue")
        }
    }

    /// Whatever it was made of, a name is safe as one component of a path.
    static func checkName(_ name: CleanName) {
        let text = name.description
        require((1...UploadLimits.nameBytesMax).contains(text.utf8.count), "a name has its bounds: \(text)")
        require(
            !text.unicodeScalars.contains { $0.value < 32 || [0x2F, 0x5C, 0x7F].contains($0.value) }, "a safe name")
        require(text.utf8.first != 46 && text.utf8.last != 46, "no dots at a name's ends")
        require(CleanName(text) == name, "a clean name stays: \(Array(text.utf8)), \(Array("\(CleanName(text))".utf8))")
    }
}
