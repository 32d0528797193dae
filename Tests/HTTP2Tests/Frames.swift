import HTTP2

/// Frames as a client sends them, made by hand: what no library lets through is what has to be tested.
enum Frames {
    static let data: UInt8 = 0, headers: UInt8 = 1, priority: UInt8 = 2, reset: UInt8 = 3, settings: UInt8 = 4
    static let push: UInt8 = 5, ping: UInt8 = 6, goAway: UInt8 = 7, windowUpdate: UInt8 = 8, continuation: UInt8 = 9
    static let endStream: UInt8 = 0x1, acknowledged: UInt8 = 0x1, endHeaders: UInt8 = 0x4, padded: UInt8 = 0x8

    static func frame(_ type: UInt8, _ flags: UInt8 = 0, _ stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let count = UInt32(payload.count)
        return Array(number(count).dropFirst()) + [type, flags] + number(stream) + payload
    }

    /// Big-endian, four bytes.
    static func number(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }

    /// The preface and the first SETTINGS.
    static let hello = Preface.bytes + frame(settings)

    /// Fields as literals that enter no table (RFC 7541 6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { name, value in [0x00] + text(name) + text(value) }
    }

    /// A string of HPACK, not Huffman-coded.
    static func text(_ string: String) -> [UInt8] {
        let bytes = Array(string.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }

    /// Pseudo-fields of a request, others behind them.
    static func fields(
        _ method: String = "PUT", _ path: String = "/files/a", _ others: [(String, String)] = []
    ) -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":authority", "uploads.example"), (":path", path)] + others
    }

    /// A request's head in one frame.
    static func request(
        _ stream: UInt32, _ fields: [(String, String)] = fields(), endsStream: Bool = false
    ) -> [UInt8] {
        frame(headers, endHeaders | (endsStream ? endStream : 0), stream, block(fields))
    }

    static func content(_ stream: UInt32, _ bytes: [UInt8], endsStream: Bool = false) -> [UInt8] {
        frame(data, endsStream ? endStream : 0, stream, bytes)
    }

    static func setting(_ name: UInt16, _ value: UInt32) -> [UInt8] {
        [UInt8(name >> 8), UInt8(truncatingIfNeeded: name)] + number(value)
    }
}
