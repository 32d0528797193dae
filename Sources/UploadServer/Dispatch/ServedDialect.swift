internal import Access
internal import HTTP
internal import LinuxSystem
internal import TLS
internal import Uploads

/// A dialect as this server serves it: all that the rest of the server knows of it. A handler conforms, and
/// `ServedDialects.all` lists it; dispatch, `OPTIONS`, the fields that browsers' pages may send and see, and the
/// metrics follow.
///
/// What every dialect must do is done for it: content that is no bytes of a file is refused (`content`), the log names
/// the upload (`UploadAccess`), a fault of the handler ends no more than its request (`HandlerFault`).
protocol ServedDialect: SendableMetatype {
    /// What it finds out about a request when it recognises it, so that it need not look again.
    associatedtype Meaning = Void

    /// What its uploads are called in the catalogue, the log and the metrics. Said nowhere else.
    static var name: DialectName { get }

    /// The fields of its requests and answers.
    static var fields: DialectFields { get }

    /// Its addresses, and which methods it takes at each.
    static var methods: PlaceMethods { get }

    /// What it takes as content beyond bytes of a file; nothing unless it says so.
    static var content: ContentRules { get }

    /// What a request means, by its head alone; nil for one that is not its own. The handler says which those are.
    static func recognize(_ request: UploadRequest) throws(Refusal) -> Meaning?

    /// Handles a request of its own to its answer. It answers once, or throws before it does.
    static func serve(_ request: UploadRequest, as meaning: Meaning) async throws

    /// Serves a request that is one of its own, if its content is what the dialect takes. Nobody but the protocol does
    /// this; it is a requirement so that it is compiled for each dialect.
    ///
    /// - Returns: false for a request that is not.
    static func accepts(_ request: UploadRequest) async throws -> Bool

    /// Adds what its clients want to know of the server to the answer to `OPTIONS`.
    static func announce(in response: inout ResponseHead, to head: RequestHead, by server: ServerContext)

    /// A refusal from outside the dialect, as its clients know it; the same where the request is not its own.
    static func marked(_ refusal: Refusal, answering head: RequestHead) -> Refusal
}

extension ServedDialect {
    static var content: ContentRules { .standard }

    static func accepts(_ request: UploadRequest) async throws -> Bool {
        guard let meaning = try recognize(request) else { return false }
        if request.storesContent { try content.check(request) }
        request.exchange.dialect = name
        try await serve(request, as: meaning)
        return true
    }

    /// Whether it takes a method at an address.
    static func takes(_ method: Method, at place: Address.Place) -> Bool { methods[place].contains(method) }

    static func announce(in response: inout ResponseHead, to head: RequestHead, by server: ServerContext) {}

    static func marked(_ refusal: Refusal, answering head: RequestHead) -> Refusal { refusal }

    /// An upload of this dialect that begins now.
    static func newUpload(
        _ id: UploadID, length: Int64?, name file: CleanName, contentType: String?
    ) -> Upload {
        Upload(
            id: id, dialect: name, length: length, name: file, contentType: contentType,
            createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
    }

    /// The upload of this dialect that a name stands for which the client of a request made: the head of its digest: no
    /// client chooses a path or a key. The same name of another owner, or in another dialect, is another upload's.
    static func uploadID(of client: [UInt8], for exchange: Exchange) -> UploadID {
        var digest = Digest.startSHA256()
        var kind = name.rawValue
        if let owner = exchange.principal.owner { kind += " of\u{0}\(owner)" }
        kind += "\u{0}"
        kind.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
        client.withUnsafeBytes { digest.update($0) }
        return UploadID(digest: digest.finish())
    }
}
