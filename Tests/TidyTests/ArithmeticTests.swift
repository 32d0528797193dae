import Testing

/// A sum that does not fit ends the process. Clients say numbers up to 2^63 − 1, and only the pure targets and the
/// handlers see them: every place there that computes, and why it fits.
///
/// What leaves these targets is bounded: a length or an offset by `UploadLimits.lengthMax`, which is below 2^50, so
/// that no sum of a few of them overflows. The store keeps it so at its two doors, whatever asks it or lies in its
/// catalogue (`UploadClaim`, `CatalogueRow`; MisuseTests and TroubleTests show that).
@Suite struct ArithmeticTests {
    private typealias Site = KnownSites.Site

    /// Pure targets that see none of a client's numbers, or none of a file's size.
    private static let others: Set<String> = ["Access", "Configuration"]

    private static let places = "places and counts in memory, which a head, a form or a field bounds"
    private static let bytes = "of one byte whose class is known"
    private static let lists = "a list of texts"

    private static let sums = KnownSites([
        Site(
            "HTTP/Body/ChunkedDecoder", "remaining = remaining << 4", "compared with the largest before"),
        Site("HTTP/Body/ChunkedDecoder", "remaining -= Int64(count)", "the smaller one of the two was taken"),
        Site("HTTP/Body/ChunkedDecoder", "", places),
        Site("HTTP/Body/DelimiterSearch", "", places),
        Site("HTTP/Body/MultipartParser", "", places),
        Site("HTTP/Fields/Base64", "", "four digits at a time, and places"),
        Site("HTTP/Fields/ByteRange", "length - suffix", "neither is negative"),
        Site(
            "HTTP/Fields/ByteRange", "length - 1",
            "the length is 1 or more: 0 has no first byte, and was answered before"),
        Site("HTTP/Fields/ByteRange", "dash + 1", places),
        Site("HTTP/Fields/ContentDisposition", "", places),
        Site("HTTP/Fields/EntityTag", "", places),
        Site("HTTP/Fields/FieldName", "", places),
        Site("HTTP/Fields/FieldSection", "", places),
        Site("HTTP/Fields/LineScanner", "", places),
        Site("HTTP/Fields/ParameterScanner", "", places),
        Site("HTTP/Fields/PercentEncoding", "", places),
        Site("HTTP/HTTPDate", "", "years 1 to 9999: numbers of two and four digits, and a time held within them"),
        Site("HTTP/Request/RequestFields", "", places),
        Site("HTTP/HTTPLimits", "", "constants"),
        Site("HTTP/Refusal", "", lists),
        Site("HTTP/Request/FieldMeaning", "", places),
        Site("HTTP/Request/RequestLine", "", places),
        Site("HTTP/Request/RequestParser", "", places),
        Site("HTTP/Request/RequestTarget", "", places),
        Site("HTTP/Request/TargetForm", "", places),
        Site("HTTP/Response/ResponseHead", "", "counts of texts, and a status of three digits"),
        Site("HTTP/Text/HTMLText", "", places),
        Site("HTTP/Text/JSONText", "", bytes),
        Site("HTTP/Text/JSONObject", "", "bytes in memory"),
        Site(
            "HTTP/Text/OutputSpan+Decimal", "",
            "powers of ten up to the number's own, or to as many digits as the program says"),
        Site("HTTP/Text/Timestamp", "", "a time of milliseconds that is not negative, and parts of it"),
        Site("HTTP/Text/StringProtocol+Bytes", "", places),
        Site("HTTP/UInt8+Classes", "letter + 10", bytes),
        Site("IETFDialect/Answers/InterruptedAnswer", "cause.fields + ", lists),
        Site(
            "IETFDialect/Answers/UploadLimit", "$0 - nowSeconds",
            "a time that is not over yet, less one that is not negative"),
        Site("IETFDialect/Answers/UploadProblem", "text += ", lists),
        Site("IETFDialect/Requests/IETFCreationRequest", "nowSeconds + $0", "the option is a hundred years at most"),
        Site("IETFDialect/Requests/Transfer", "(length ?? sizeMax) - start.bytes", "neither is negative"),
        Site("TusDialect/AppendPlan", "(length ?? offer.sizeMax) - start.bytes", "neither is negative"),
        Site("TusDialect/Concatenation+Field", "dropLast() + ", lists),
        Site(
            "TusDialect/FinalDecision", "stored - sent.values.reduce(0, +)",
            "some of what was added up with a check above"),
        Site("TusDialect/FinalDecision", "stored - repeated", "the same"),
        Site("TusDialect/TusLimits", "64 << 20", "constants"),
        Site("TusDialect/TusOffer", "names", lists),
        Site("HTTP/Text/StreamSafe", "run + 1", "scalars in memory"),
        Site("Uploads/CleanName", "", "bytes of a name"),
        Site("Uploads/Concatenation", "", lists),
        Site("Uploads/FinishedFile", "start + 999_999_999", "compared before"),
        Site("Uploads/UploadID", "", bytes),
        Site("Uploads/Usage", "attempt + (finished?.length ?? 0)", "two lengths"),
        Site("FileIDDialect/FileID", "last + 1", places),
        Site("UploadServer/Handlers/DownloadHandler", "range.upperBound", "bytes of a file: a part of its length"),
        Site("UploadServer/Handlers/FileIDHandler", "(length ?? sizeMax) - offset.bytes", "neither is negative"),
        Site("UploadServer/Handlers/FormFiles", "settled.count", places),
        Site("UploadServer/Handlers/IETFTransfer", "return whole + ", lists),
        Site("UploadServer/Handlers/IETFTransfer", "reader.length - position", "position is never behind the length"),
        Site("UploadServer/Handlers/IETFTransfer", "position += Int64(count)", "what was left of the length, or less"),
        Site("UploadServer/Handlers/ReadyHandler", "reserveBytes + 1", "an option of a tebibyte at most"),
        Site("UploadServer/Handlers/TusConcatenation", "let words = ", lists),
        Site("UploadServer/Handlers/TusMetadata", "", places),
    ])

    /// Sums, differences, products, shifts to the left, and what a smallest number has no opposite for.
    static func computes(_ code: String) -> Bool {
        code.replacing(/" \+|\+ "|&<</, with: "").contains(
            /\s[-+*]=?\s|<<|abs\(|negate\(|\.magnitude|reduce\([^{]*, [-+*]\)|[(,=:]\s*-[a-z(]/)
    }

    @Test func `whoever computes with a client's numbers has compared them before`() throws {
        let targets = try SourceTree.pureTargets
        #expect(targets.contains { $0.hasSuffix("Dialect") } && targets.isSuperset(of: Self.others))
        try Self.sums.compare(
            in: {
                targets.contains($0.target) && !Self.others.contains($0.target)
                    || $0.path.hasPrefix("Sources/UploadServer/Handlers/")
            },
            complaint: "traps where the result does not fit, and no reason is given here",
            lines: ["+", "-", " * ", " *= ", "<<", "abs(", "negate(", ".magnitude", "reduce("], Self.computes)
    }

    @Test(arguments: [
        "let end = start + length", "a -= b", "x << 4", "abs(a - b)", "f(-offset)", "all.reduce(0, +)",
        "all.reduce(.zero, +)", "all.map(\\.length).reduce(Int64(1), *)",
    ])
    func `what may overflow is found`(line: String) { #expect(Self.computes(line)) }

    @Test(arguments: ["a &+ b", "word &<< 4", "a.addingReportingOverflow(b)", "case 1...2", "\"a\" + b"])
    func `what cannot overflow is none`(line: String) { #expect(!Self.computes(line)) }
}
