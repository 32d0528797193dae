internal import HTTP
internal import Uploads

/// A dialect as this server serves it: all that the rest of the server knows of it. A handler conforms, and
/// `ServedDialects.all` lists it; dispatch, `OPTIONS`, the fields that browsers' pages may send and see, and the
/// metrics follow.
protocol ServedDialect: SendableMetatype {
    /// What its uploads are called in the catalogue, the log and the metrics.
    static var name: DialectName { get }

    /// The fields of its requests and answers.
    static var fields: DialectFields { get }

    /// Its addresses, and which methods it takes at each.
    static var methods: PlaceMethods { get }

    /// Handles a request to its answer if it is one of its own.
    ///
    /// - Returns: false for a request that is not, of which nothing was taken then.
    static func serve(_ request: UploadRequest) async throws -> Bool

    /// Adds what its clients want to know of the server to the answer to `OPTIONS`.
    static func announce(in response: inout ResponseHead, to head: RequestHead, by server: ServerContext)

    /// A refusal from outside the dialect, as its clients know it; the same where the request is not its own.
    static func marked(_ refusal: Refusal, answering head: RequestHead) -> Refusal
}

extension ServedDialect {
    /// Whether it takes a method at an address.
    static func takes(_ method: Method, at place: Address.Place) -> Bool { methods[place].contains(method) }

    static func announce(in response: inout ResponseHead, to head: RequestHead, by server: ServerContext) {}

    static func marked(_ refusal: Refusal, answering head: RequestHead) -> Refusal { refusal }
}
