import HTTP2
import LinuxSystem

/// A whole connection of HTTP/2 to a whole server: frames in any order, whole or not.
///
/// The input is a program of short steps, so that what libFuzzer changes stays a frame most of the time:
///
/// | first byte | then | sends |
/// |---|---|---|
/// | 0x00–0x0F | flags, stream, length, payload | a frame of that type, as it is |
/// | 0x10–0x1F | stream | the head of a request, which the low bits choose; 0x18 and more end the stream |
/// | 0x20, 0x21 | stream, length | content, 64 bytes for each of length; 0x21 ends the stream |
/// | 0x22 | – | what an honest client says first once more: the answer to SETTINGS |
/// | others | – | the byte alone |
enum HTTP2Properties {
    private static let site = FuzzedServer(allowsHTTP2: true)

    static func check(_ input: [UInt8]) {
        let site = site.fresh()
        talk(site.address, input)
        site.checkHealth()
    }

    /// The client has gone, with its descriptor, when this returns: what is open then is the server's.
    @inline(never)
    private static func talk(_ address: SocketAddress, _ input: [UInt8]) {
        var splits = Splits(input)
        let client = FuzzedHTTP2Client(address)
        client.send(Preface.bytes + frame(4, 0, 0, []) + program(input), cuts: &splits)
        client.finish()
    }

    private static let requests: [[(String, String)]] = [
        [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/healthz")],
        [(":method", "PUT"), (":scheme", "http"), (":authority", "a"), (":path", "/files/a")],
        [
            (":method", "PUT"), (":scheme", "http"), (":authority", "a"), (":path", "/files/a"),
            ("content-length", "128"),
        ],
        [
            (":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/upload"), ("x-file-id", "a"),
            ("x-start-byte", "0"), ("expect", "100-continue"),
        ],
        [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/status"), ("x-file-id", "a")],
        [
            (":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/files"),
            ("tus-resumable", "1.0.0"), ("upload-length", "64"),
            ("content-type", "application/offset+octet-stream"), ("upload-checksum", "crc32 AAAAAA=="),
        ],
        [
            (":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/files"),
            ("upload-complete", "?0"), ("upload-draft-interop-version", "8"),
        ],
        [(":method", "OPTIONS"), (":scheme", "http"), (":authority", "a"), (":path", "*"), ("te", "trailers")],
    ]

    private static func program(_ input: [UInt8]) -> [UInt8] {
        var (sent, rest) = ([UInt8](), input[...])
        while let step = rest.popFirst() {
            switch step {
            case 0x00...0x0F:
                let (flags, stream, count) = (rest.popFirst() ?? 0, rest.popFirst() ?? 0, rest.popFirst() ?? 0)
                let payload = Array(rest.prefix(Int(count)))
                rest.removeFirst(payload.count)
                sent += frame(step, flags, stream, payload)
            case 0x10...0x1F:
                let fields = requests[Int(step & 7)]
                sent += frame(1, step < 0x18 ? 0x4 : 0x5, rest.popFirst() ?? 1, block(fields))
            case 0x20, 0x21:
                let (stream, count) = (rest.popFirst() ?? 1, rest.popFirst() ?? 1)
                sent += frame(0, step & 1, stream, [UInt8](repeating: 7, count: Int(count) * 64))
            case 0x22: sent += frame(4, 1, 0, [])
            default: sent.append(step)
            }
        }
        return sent
    }

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        var bytes: [UInt8] = [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
        bytes += [type, flags, 0, 0, 0, stream]
        return bytes + payload
    }

    /// Literals that enter no table (RFC 7541 6.2.2), all shorter than 127 bytes.
    private static func block(_ fields: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes.append(0)
            for text in [name, value] {
                bytes.append(UInt8(text.utf8.count))
                bytes += Array(text.utf8)
            }
        }
        return bytes
    }
}
