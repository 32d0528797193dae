public import HTTP
public import Uploads

/// The 104s of one request: none, the upload's address, the progress. It stands in for no other answer: a client that
/// waits for 100 gets its 100, after the first of these.
public struct InterimAnswers: Sendable {
    private let version: InteropVersion
    private let isOn: Bool
    private let isCreation: Bool

    /// HTTP/1.0 knows no interim answers at all.
    init(_ version: InteropVersion, _ head: RequestHead, isCreation: Bool, policy: IETFPolicy) {
        self.version = version
        self.isCreation = isCreation
        isOn = policy.sendsInterim && head.version != .http10 && version.understandsInterim
    }

    /// Whether the client learns the upload's address before it has sent everything: then it can resume, and the record
    /// must be durable before it is told.
    public var tellsAddress: Bool { isOn && isCreation }

    /// Whether `progress` makes anything.
    public var tellsProgress: Bool { isOn && version.understandsProgress }

    /// The first 104 of a creation, to be sent as soon as there is a record; nil for an append, and
    /// where the client understands none.
    public func address(_ location: String, limit: UploadLimit) -> ResponseHead? {
        guard tellsAddress else { return nil }
        var head = interim
        head.set("Location", location)
        if let text = limit.text(for: version) { head.set("Upload-Limit", text) }
        return head
    }

    /// A further 104 while content is coming: nil where the client understands none. Never with an address.
    ///
    /// - Parameter offset: settled: the client may forget the bytes before it.
    public func progress(_ offset: Offset) -> ResponseHead? {
        guard tellsProgress else { return nil }
        var head = interim
        head.set("Upload-Offset", offset.bytes)
        return head
    }

    private var interim: ResponseHead {
        var head = ResponseHead(.uploadResumptionSupported)
        head.set("Upload-Draft-Interop-Version", version.rawValue)
        return head
    }
}
