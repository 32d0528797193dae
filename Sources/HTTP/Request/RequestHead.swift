/// A request head that has passed every check: what is asked, and how the content after it is framed.
public struct RequestHead: Sendable {
    /// What is to be done.
    public let method: Method
    /// What the client speaks.
    public let version: HTTPVersion
    /// All fields, those that are already interpreted below included.
    public let fields: FieldSection
    /// How the content is delimited; decided once, here, so that nothing behind can see another length.
    public let framing: BodyFraming
    /// The client waits for 100 (Continue) before it sends content. Never for HTTP/1.0, never without content.
    public let expectsContinue: Bool
    /// The client means to use the connection again (RFC 9112 9.3).
    public let keepsAlive: Bool
    /// Path and query.
    public let target: RequestTarget
    private let hostStart: UInt16
    private let hostEnd: UInt16

    /// Host and port as sent: of an absolute target if it was one, else of the Host field; empty if an HTTP/1.0
    /// request named none. Letters, digits, `-._~`, or an address in brackets; makes a String each time.
    public var host: String { String(decoding: fields.storage[Int(hostStart)..<Int(hostEnd)], as: UTF8.self) }

    /// Judges the fields together with the request line.
    init(line: RequestLine, fields: FieldSection) throws(HTTPParseError) {
        let meaning = try FieldMeaning(fields, version: line.version)
        method = line.method
        version = line.version
        self.fields = fields
        target = RequestTarget(storage: fields.storage, form: line.form)
        framing = meaning.framing
        keepsAlive = meaning.keepsAlive
        expectsContinue =
            meaning.expectsContinue && line.version == .http11 && framing != .none && framing != .length(0)
        let host = line.form.authority ?? meaning.host
        hostStart = UInt16(host.lowerBound)
        hostEnd = UInt16(host.upperBound)
    }
}
