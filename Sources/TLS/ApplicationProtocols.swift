internal import CTLSShim

/// ALPN names in the wire form of RFC 7301 section 3.1.
enum ApplicationProtocols {
    /// - Throws: where a name is empty or all of them exceed `TLSLimits.protocolBytesMax`.
    static func encoded(_ names: [String]) throws(TLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in names {
            guard (1...TLSLimits.protocolBytesMax).contains(name.utf8.count) else {
                throw .configuration("ALPN name \"\(name)\" is empty or too long")
            }
            bytes.append(UInt8(name.utf8.count))
            bytes += name.utf8
        }
        guard bytes.count <= TLSLimits.protocolBytesMax else {
            throw .configuration(
                "ALPN names have \(bytes.count) bytes, at most \(TLSLimits.protocolBytesMax) are taken")
        }
        return bytes
    }
}
