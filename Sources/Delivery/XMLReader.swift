/// Reads one XML document: elements, attributes (which are left out), text, the five entities that are always there,
/// and characters by number. Anything else ends it: document types, instructions, comments, CDATA.
struct XMLReader {
    private let bytes: [UInt8]
    private var index = 0
    private var elements = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() -> XMLElement? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        skipSpace()
        if skip("<?xml ") {
            while index < bytes.count, bytes[index] != UInt8(ascii: "?") {
                if bytes[index] == UInt8(ascii: "<") || bytes[index] == UInt8(ascii: ">") { return nil }
                index += 1
            }
            guard skip("?>") else { return nil }
            // Amazon sends spaces while it puts an object together.
            skipSpace()
        }
        guard let root = element(depth: 1) else { return nil }
        skipSpace()
        return index == bytes.count ? root : nil
    }

    private mutating func element(depth: Int) -> XMLElement? {
        elements += 1
        guard depth <= DeliveryLimits.xmlDepthMax, elements <= DeliveryLimits.xmlElementsMax, skip("<"),
            let name = name()
        else { return nil }
        let local = name.utf8.lastIndex(of: UInt8(ascii: ":")).map { name.utf8.index(after: $0) }
        var element = XMLElement(name: String(name.utf8[(local ?? name.startIndex)...]) ?? "")
        guard let isEmpty = attributes() else { return nil }
        if isEmpty { return element }
        var text: [UInt8] = []
        while index < bytes.count {
            if bytes[index] != UInt8(ascii: "<") {
                guard character(into: &text) else { return nil }
                continue
            }
            if skip("</") {
                guard self.name() == name else { return nil }
                skipSpace()
                guard skip(">") else { return nil }
                if element.children.isEmpty {
                    element.text = String(decoding: text, as: UTF8.self)
                } else if !text.allSatisfy(XMLReader.isSpace) {
                    return nil
                }
                return element
            }
            guard let child = self.element(depth: depth + 1) else { return nil }
            element.children.append(child)
        }
        return nil
    }

    /// Reads to the end of a start tag; answers whether it is the end of the element, too.
    private mutating func attributes() -> Bool? {
        while index < bytes.count {
            let hasSpace = XMLReader.isSpace(bytes[index])
            skipSpace()
            if skip("/>") { return true }
            if skip(">") { return false }
            guard hasSpace, name() != nil else { return nil }
            skipSpace()
            guard skip("=") else { return nil }
            skipSpace()
            guard index < bytes.count, bytes[index] == 0x22 || bytes[index] == 0x27 else { return nil }
            let quote = bytes[index]
            index += 1
            while index < bytes.count, bytes[index] != quote {
                if bytes[index] == UInt8(ascii: "<") { return nil }
                index += 1
            }
            guard index < bytes.count else { return nil }
            index += 1
        }
        return nil
    }

    private mutating func name() -> String? {
        let start = index
        while index < bytes.count, XMLReader.isNameByte(bytes[index], isFirst: index == start) { index += 1 }
        guard index > start, index - start <= 64 else { return nil }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        let parts = name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return parts.contains(where: \.isEmpty) ? nil : name
    }

    /// Takes one byte of text, or an entity.
    private mutating func character(into text: inout [UInt8]) -> Bool {
        let byte = bytes[index]
        guard byte == UInt8(ascii: "&") else {
            guard byte >= 0x20 || XMLReader.isSpace(byte) else { return false }
            text.append(byte)
            index += 1
            return true
        }
        guard let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else { return false }
        let word = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        index = end + 1
        switch word {
        case "lt": text.append(0x3C)
        case "gt": text.append(0x3E)
        case "amp": text.append(0x26)
        case "quot": text.append(0x22)
        case "apos": text.append(0x27)
        default:
            guard let scalar = XMLReader.scalar(word) else { return false }
            text += Array(String(scalar).utf8)
        }
        return true
    }

    /// `#38` or `#x26`: what XML has no place for is none.
    private static func scalar(_ word: String) -> Unicode.Scalar? {
        guard word.utf8.first == UInt8(ascii: "#") else { return nil }
        let digits = word.utf8.dropFirst()
        let isHex = digits.first == UInt8(ascii: "x")
        let number = isHex ? digits.dropFirst() : digits
        guard !number.contains(UInt8(ascii: "+")), !number.contains(UInt8(ascii: "-")), let text = String(number),
            let value = UInt32(text, radix: isHex ? 16 : 10), let scalar = Unicode.Scalar(value),
            value >= 0x20 || [9, 10, 13].contains(value), value != 0xFFFE, value != 0xFFFF
        else { return nil }
        return scalar
    }

    private mutating func skipSpace() {
        while index < bytes.count, XMLReader.isSpace(bytes[index]) { index += 1 }
    }

    private mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - index >= count else { return false }
        let isThere = text.withUTF8Buffer { $0.elementsEqual(bytes[index..<(index + count)]) }
        if isThere { index += count }
        return isThere
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func isNameByte(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x5F: true
        case 0x30...0x39, 0x2D, 0x2E, 0x3A: !isFirst
        default: false
        }
    }
}
