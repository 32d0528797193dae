/// The versions that are spoken, by their number on the wire (RFC 8446 section 4.2.1).
enum TLSVersion: Int32, CaseIterable {
    case tls12 = 0x0303
    case tls13 = 0x0304
}
