/// The byte classes of RFC 9110 5.6 and RFC 3986, as bit masks: no table in memory, no branch per class.
extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let percent: UInt8 = 0x25
    static let asterisk: UInt8 = 0x2A
    static let comma: UInt8 = 0x2C
    static let dash: UInt8 = 0x2D
    static let dot: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let equals: UInt8 = 0x3D
    static let question: UInt8 = 0x3F
    static let backslash: UInt8 = 0x5C

    /// A member of a set of ASCII bytes given as two words: bit n of `low` is byte n, bit n of `high` is byte 64 + n.
    @inline(__always)
    func isIn(low: UInt64, high: UInt64) -> Bool {
        let word = self < 64 ? low : high
        return self < 128 && (word &>> UInt64(self & 63)) & 1 == 1
    }

    /// tchar: what a method, a field name or any other token is made of.
    @inline(__always)
    var isToken: Bool { isIn(low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

    /// Letters, digits and `-._~` (RFC 3986 2.3).
    var isUnreserved: Bool { isIn(low: 0x03FF_6000_0000_0000, high: 0x47FF_FFFE_87FF_FFFE) }

    /// `!$&'()*+,;=` (RFC 3986 2.2).
    var isSubDelimiter: Bool { isIn(low: 0x2800_1FD2_0000_0000, high: 0) }

    /// attr-char: what RFC 8187 lets through unencoded in an extended value.
    var isAttribute: Bool { isIn(low: 0x03FF_685A_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE) }

    /// What a multipart boundary may hold (RFC 2046 5.1.1: bchars).
    var isBoundary: Bool { isIn(low: 0xA7FF_FB81_0000_0000, high: 0x07FF_FFFE_87FF_FFFE) }

    /// What a field value may hold: visible bytes, obs-text, space and tab.
    @inline(__always)
    var isText: Bool { self >= 0x20 ? self != 0x7F : self == .tab }

    /// 0x21 to 0x7E.
    @inline(__always)
    var isVisibleASCII: Bool { self &- 0x21 < 0x5E }

    var isBlank: Bool { self == .space || self == .tab }

    var isLineEnd: Bool { self == .carriageReturn || self == .lineFeed }

    @inline(__always)
    var isDigit: Bool { self &- .zero < 10 }

    /// The byte, or its lower-case letter if it is A–Z.
    @inline(__always)
    var folded: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// 0…15 for a hexadecimal digit of either case.
    var hexadecimalValue: UInt8? {
        if isDigit { return self &- .zero }
        let letter = folded &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}
