internal import HTTP
internal import PlainDialect
internal import Uploads

/// The dialects that are served, and the way of a request to one of them: the first that recognises it has it. Which
/// those are, each handler says at its `recognize`; nobody else has to know.
///
/// The method is the one that the client means (`X-HTTP-Method-Override`); with such a field no file is made.
enum ServedDialects {
    /// In the order in which they are asked.
    static let all: [any ServedDialect.Type] = [
        TusHandler.self, IETFHandler.self, FileIDHandler.self, PlainHandler.self,
    ]

    /// Fields that say that a request belongs to a resumable protocol: no whole file has one.
    static let marks = unique(all.flatMap { $0.fields.marks })

    /// All fields of their requests.
    static let requestFields = unique(all.flatMap { $0.fields.requests })

    /// All fields of their answers.
    static let answerFields = unique(all.flatMap { $0.fields.answers })

    /// Handles a request to its answer.
    ///
    /// - Throws: what the dialect throws; 404 and 405 where none takes it.
    static func serve(_ request: UploadRequest) async throws {
        try check(request)
        // Content that says that it is a part nobody may take for the whole.
        let isPart = request.storesContent && request.exchange.head.fields.contains(.contentRange)
        let dialects = request.exchange.server.configuration.dialects
        for dialect in isPart ? readersOfRanges(among: dialects) : dialects {
            if try await dialect.accepts(request) { return }
        }
        throw isPart ? ContentKind.partial : untaken(request)
    }

    /// Those of some dialects that read `Content-Range`.
    static func readersOfRanges(among dialects: [any ServedDialect.Type]) -> [any ServedDialect.Type] {
        dialects.filter { $0.fields.marks.contains(.contentRange) }
    }

    /// What any request to an upload's address must be, whatever its protocol.
    private static func check(_ request: UploadRequest) throws(Refusal) {
        let (place, head) = (request.place, request.exchange.head)
        if !place.isBelowFiles, !place.methods.contains(head.method) {
            throw Dispatch.methodRefusal(allowed: place.methods)
        }
        if request.storesContent { try checkContent(head) }
    }

    /// What is answered where no dialect takes a request.
    private static func untaken(_ request: UploadRequest) -> Refusal {
        switch request.exchange.head.method {
        // There is no such upload, and no such file.
        case .get where request.segment != nil, .head where request.segment != nil,
            .patch where request.segment != nil, .delete where request.segment != nil:
            Dispatch.notFound
        default:
            Dispatch.methodRefusal(allowed: request.place.methods)
        }
    }

    /// Which methods the dialects take at an address, in the order of `Method.told`.
    static func methods(at place: Address.Place) -> [Method] {
        let taken = all.flatMap { $0.methods[place] }
        return Method.told.filter(taken.contains)
    }

    /// A refusal as the clients of the request's dialect know it.
    static func marked(_ refusal: Refusal, answering head: RequestHead) -> Refusal {
        all.reduce(refusal) { $1.marked($0, answering: head) }
    }

    /// What is true of the content of any request that stores some, whatever its protocol.
    private static func checkContent(_ head: RequestHead) throws(Refusal) {
        try ContentKind.checkCoding(head.fields)
        // What follows until the end of the connection would be dropped (RFC 9112 6.3).
        guard head.version != .http10 || head.framing != .none else { throw WholeRequest.lengthRequired }
    }

    private static func unique(_ names: [FieldName]) -> [FieldName] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension Method {
    /// The order in which methods are told.
    static let told: [Method] = [.get, .head, .post, .patch, .delete, .put]
}
