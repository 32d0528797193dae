import Testing

/// A conversion that does not hold its number ends the process. `exactly:`, `clamping:` and `truncatingIfNeeded:` do
/// not; every other one has its reason here.
///
/// `Int` and `Int64` are of one size wherever this runs, and hold every smaller type, so that conversions to them count
/// only of what may not fit: fractions, and numbers without sign.
@Suite struct ConversionTests {
    private typealias Site = KnownSites.Site

    private static let constant = "a constant of the system's or a library's headers"
    private static let bounded = "HTTPLimits.headBytesMax bounds what a head, a part's head or trailers have"

    private static let narrowing = KnownSites([
        Site("Access/CredentialCache", "UInt64(byte)", "of a byte"),
        Site("Access/JSON/JSONReader", "UInt32(digit)", "of a hexadecimal digit"),
        Site("Delivery/XMLReader", "radix", "of a text: nil where it does not fit"),
        Site("HTTP/Body/DelimiterSearch", "UInt8(delimiter.count", "a boundary has 70 bytes at most (MultipartParser)"),
        Site("HTTP/Fields/Base64", "UInt32(", "of a byte, of bits below 32, or of 6 or less them"),
        Site("HTTP/Fields/ContentDisposition", "UInt8($0.value)", "below 0x80, as the same line says"),
        Site("HTTP/Fields/FieldSection", "UInt16(", bounded),
        Site("HTTP/HTTPDate", "decimal: UInt64(", "years are 1 to 9999; days, and parts of one, are not negative"),
        Site("HTTP/Request/RequestHead", "UInt16(host", bounded),
        Site("HTTP/Request/RequestTarget", "UInt16(form", bounded),
        Site("HTTP/Response/ResponseHead", "UInt8(status.code", "a digit: a status has three"),
        Site("HTTP/UInt8+Classes", "UInt64(self & 63)", "of a byte"),
        Site("HTTP2/ServerSession", "UInt8(NGHTTP2_", constant),
        Site("HTTP2/ServerSession", "UInt32(HTTP2Limits", "a constant"),
        Site("HTTP2/ServerSession", "Int32(count)", "an error number of the library's, which has them in 32 bits"),
        Site("HTTP2/ServerSession", "UInt32(max(0", "not negative"),
        Site("HTTP2/ServerSession+Callbacks", "UInt32(", "of a byte"),
        Site("HTTPClient/Addresses/HTTPURL", "UInt16(digits)", "of a text: nil where it does not fit"),
        Site("HTTPClient/JSONSentence", "radix: 16", "of a text: nil where it does not fit"),
        Site("LinuxSystem/BootID", "UInt", "of a byte, or of a text: nil where it does not fit"),
        Site("LinuxSystem/ClientNetwork", "UInt64($1)", "of a byte"),
        Site("LinuxSystem/", "Int32(O_", constant),
        Site("LinuxSystem/", "UInt32(S_IF", constant),
        Site("LinuxSystem/", "Int32(IPPROTO_", constant),
        Site("LinuxSystem/", "Int32(SHUT_", constant),
        Site("LinuxSystem/Epoll", "Int32(capacity)", "ReactorLimits"),
        Site("LinuxSystem/File.", "Int32(vectors.count)", "a batch of the journal has a bounded number of bodies"),
        Site("LinuxSystem/FileStamp", "UInt64(info.", "no wider, and without sign in the system's header"),
        Site("LinuxSystem/FileStatus", "UInt64(info.", "no wider, and without sign in the system's header"),
        Site("LinuxSystem/HostLookup", "Int32(addressesMax)", "a constant"),
        Site("LinuxSystem/InheritedSocket", "Int32(process)", "of a text: nil where it does not fit"),
        Site("LinuxSystem/InheritedSocket", "Int32(index)", "below descriptorsMax"),
        Site("LinuxSystem/ServiceManager", "Int32($0)", "of a text: nil where it does not fit"),
        Site("LinuxSystem/Signals", "Int32(numbers.count)", "three"),
        Site("LinuxSystem/SocketAddress", "UInt16(digits)", "of a text: nil where it does not fit"),
        Site("LinuxSystem/SocketAddress", "UInt32(text.count)", "a constant"),
        Site(
            "LinuxSystem/SocketAddress", "UInt16(port)", "0 to 65,535: sixteen bits of an address, or an error before"),
        Site("LinuxSystem/SocketAddress", "UInt32(length)", "a constant of each family"),
        Site("LinuxSystem/SocketAddress", "UInt16(bytes", "of a byte"),
        Site("LinuxSystem/UnixSocket", "UInt32(try checked", "the length of an address, not negative"),
        Site("LinuxSystem/SystemGroup", "UInt32(", "of a text, or of what is not negative as the line says"),
        Site("LinuxSystem/SystemThread", "UInt(", "a handle, without sign in the system's header"),
        Site("Reactor/EventToken", "UInt64(", "a place in an array"),
        Site("Storage/Catalogue/CatalogueRow", "Int32(names.count)", "the columns of a table"),
        Site("Storage/Catalogue/SQLiteConnection", "Int32(milliseconds)", "a constant"),
        Site("Storage/Catalogue/SQLiteConnection", "UInt32(SQLITE", constant),
        Site(
            "Storage/Catalogue/SQLiteStatement", "Int32(characters.count)",
            "texts come from a head, or are of the program"),
        Site("Storage/Catalogue/WholeCheckpoints", "szOsFile", "the size of a struct"),
        Site("Storage/Journal/JournalBlock", "UInt64(", "numbers and lengths of the journal are counted up from 0"),
        Site("TLS/ApplicationProtocols", "UInt8(name", "two constants"),
        Site("TLS/CertificateNames", "Int32(TLSLimits", "a constant"),
        Site("TLS/CipherPreference", "radix: 16", "of a text: nil where it does not fit"),
        Site("TLS/PEMFile", "Int32(count)", "TLSLimits.pemBytesMax"),
        Site("TLS/ServerIdentity", "Int32(", "of arrays that the same function makes"),
        Site("TLS/StepFailure", "Int32(ERR_LIB_SSL)", constant),
        Site("TLS/TLSContext", "UInt32(", "of two constants"),
        Site("TLS/TLSSession", "UInt32(X509", constant),
        Site("Tokens/StaticTokens", "UInt", "of a byte, or of a hexadecimal digit"),
        Site("UploadClient/Backoff", "UInt64(step", "a pause, which is not negative"),
        Site("UploadClient/Checksum", "UInt32(24", "0, 8, 16 or 24"),
        Site("UploadServer/Origins/CORSOrigin", "UInt16(Substring", "of a text: nil where it does not fit"),
        Site("UploadServer/Connection/RequestID", "UInt64(60", "0 to 60"),
        Site("UploadServer/Ingest/BodyDigests", "UInt32(24", "0, 8, 16 or 24"),
        Site("HTTP/Text/Timestamp", "UInt64(max(0", "not negative, as the line says"),
        Site("TLS/MessageCode", "Int32(key.count)", "a secret has 64 bytes at most"),
        Site("UploadServer/Page/Gzip", "UInt32(", "the size of the page"),
        Site("Uploads/UploadID", "UInt64(", "of a byte"),
        Site("Wire/ProxyHeader", "UInt16(port)", "of a text: nil where it does not fit"),
        Site("Wire/ProxyHeader", "UInt16(bytes", "of a byte"),
        Site("sluice/RawArguments", "UInt32(first)", "of a byte"),
        Site("sluice/Options/", "radix: 8", "of a text: nil where it does not fit"),
    ])

    private static let widening = KnownSites([
        Site("Events/DeliveryQueue", "Double(longest)", "a part of a quarter of an hour"),
        Site(
            "LinuxSystem/SystemProcess", "quota.rounded", "between 0 and the number of processors, as compared before"),
        Site("Reactor/EventToken", "rawValue >> 32", "half of the bits are left"),
        Site("TLS/ServerIdentity", "Int64(seconds)", "a C int, as OpenSSL tells a difference of times"),
        Site("UploadClient/Backoff", "random %", "at most half a pause"),
        Site("UploadClient/Progress/Amounts", "bytesPerSecond", "clamped, and not a number is 0"),
        Site("UploadClient/Progress/Amounts", "Double(min(done, total))", "0 to 100: total is not 0"),
        Site("UploadClient/Progress/ProgressLine", "bytesPerSecond", "clamped, and the rate is 1 or more"),
        Site("UploadClient/Progress/ProgressLine", "Double(cells", "the width of a terminal: total is not 0"),
        Site("UploadClient/Progress/ProgressEntry", "/ seconds", "a file's size by a second or more"),
        Site("UploadClient/UploadJob", "Int128", "at most the file's size"),
        Site("UploadServer/Rates/RateLine", "Int64(bytes)", "an Int of bytes; the rate divides"),
    ])

    /// Behind the type stands what may not fit into it, and nothing says what becomes of it then.
    private static var unlabelled: Regex<Substring> {
        /(?!exactly:|clamping:|truncatingIfNeeded:|bitPattern:|ascii:|digits:|littleEndian:|bigEndian:)/
    }

    static func narrows(_ code: String) -> Bool {
        code.matches(of: /\b(?:U?Int(?:8|16|32)|UInt64|UInt|C[A-Za-z]*Int|CLong)\(/).contains {
            code[$0.range.upperBound...].prefixMatch(of: unlabelled) != nil && !isConstant(code[$0.range.upperBound...])
        }
    }

    private static func isConstant(_ rest: Substring) -> Bool { rest.prefixMatch(of: /[0-9]+\)/) != nil }

    /// A fraction, or a number without sign, as far as a line shows it.
    static func mayNotFit(_ code: String) -> Bool {
        code.matches(of: /\bInt(?:64)?\(/).contains {
            let rest = code[$0.range.upperBound...]
            return rest.prefixMatch(of: unlabelled) != nil
                && rest.prefixMatch(
                    of: /[^{}]*(?:Double|rounded|\bseconds\b|PerSecond|\brate\b|Int128|UInt64|random|rawValue >>)/)
                    != nil
        }
    }

    @Test func `a conversion to a smaller number holds it, or says what else becomes of it`() throws {
        try Self.narrowing.compare(
            complaint: "traps for what does not fit, and no reason is given here", lines: ["Int", "CLong"], Self.narrows
        )
    }

    @Test func `a fraction or a number without sign becomes an integer only where it fits`() throws {
        try Self.widening.compare(
            complaint: "traps for what does not fit, and no reason is given here", lines: ["Int(", "Int64("],
            Self.mayNotFit)
    }

    @Test(arguments: ["UInt8(count)", "Int32(a.b)", "x = UInt16(line.lowerBound)", "UInt(thread)"])
    func `a narrowing conversion is found`(line: String) {
        #expect(Self.narrows(line))
        #expect(!Self.narrows(line.replacing("(", with: "(clamping: ")))
    }

    @Test(arguments: ["Int(rate)", "Int64((a / seconds).rounded(.up))", "let n = Int64(Double(a) * 2)"])
    func `a conversion of what may not fit is found`(line: String) { #expect(Self.mayNotFit(line)) }

    @Test func `what stands in a text is code where it is computed`() {
        #expect(KnownSites.code(#"log("Int8(a) \(Int8(b)) \(c)") // UInt8(d)"#) == #"log(" Int8(b) c")"#)
    }
}
