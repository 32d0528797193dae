/// A request head that has passed every check: what is asked, and how the content after it is framed.
public struct RequestHead: Sendable {
    /// What is to be done: the method of the request line, unless the client says that it means another one.
    public let method: Method
    /// The method of the request line: how the message is framed.
    public let sentMethod: Method
    /// Whether `X-HTTP-Method-Override` is there: then `method` is what it says, or, if that is no method, as sent.
    public let isOverridden: Bool
    /// Whether it is there and names no method, or comes twice.
    public let hasBadOverride: Bool
    /// What the client speaks.
    public let version: HTTPVersion
    /// All fields, those that are already interpreted below included.
    public let fields: FieldSection
    /// How the content is delimited; decided once, here, so that nothing behind can see another length.
    public let framing: BodyFraming
    /// Whether fields may follow the content: behind chunks, and in HTTP/2 behind any content (RFC 9110 6.5).
    public let mayHaveTrailers: Bool
    /// The client waits for 100 (Continue) before it sends content. Never for HTTP/1.0, never without content.
    public let expectsContinue: Bool
    /// The client means to use the connection again (RFC 9112 9.3).
    public let keepsAlive: Bool
    /// Path and query.
    public let target: RequestTarget
    private let hostStart: UInt16
    private let hostEnd: UInt16

    /// Host and port as sent: of an absolute target if it was one, else of the Host field; empty if an HTTP/1.0
    /// request named none, or the field was empty. What RFC 3986 3.2 allows; makes a String each time.
    public var host: String { String(decoding: fields.storage[Int(hostStart)..<Int(hostEnd)], as: UTF8.self) }

    /// Judges the fields together with the request line.
    ///
    /// - Parameter endsHere: whether no content follows, where something besides the fields tells (HTTP/2).
    init(line: RequestLine, fields: FieldSection, endsHere: Bool? = nil) throws(HTTPParseError) {
        let meaning = try FieldMeaning(fields, version: line.version)
        sentMethod = line.method
        // What is longer than any method is none, and not worth decoding.
        let meant = meaning.override.flatMap { told in
            told.count > HTTPLimits.methodBytesMax ? nil : Method(FieldSection.decoded(Array(fields.storage[told])))
        }
        isOverridden = meaning.override != nil
        hasBadOverride = isOverridden && meant == nil
        method = meant ?? line.method
        version = line.version
        self.fields = fields
        target = RequestTarget(storage: fields.storage, form: line.form)
        framing = try RequestHead.framing(meaning.framing, endsHere)
        mayHaveTrailers = endsHere.map { !$0 } ?? (framing == .chunked)
        keepsAlive = meaning.keepsAlive
        expectsContinue =
            meaning.expectsContinue && line.version != .http10 && framing != .none && framing != .length(0)
        let host = line.form.authority ?? meaning.host
        hostStart = UInt16(host.lowerBound)
        hostEnd = UInt16(host.upperBound)
    }

    private static func framing(_ told: BodyFraming, _ endsHere: Bool?) throws(HTTPParseError) -> BodyFraming {
        guard let endsHere else { return told }
        if case .length(let count) = told {
            // What says that there is content and ends without it is malformed (RFC 9113 8.1.1).
            guard count == 0 || !endsHere else { throw .badContentLength }
            return told
        }
        // What has ended already has told its length.
        return endsHere ? .length(0) : .chunked
    }
}
