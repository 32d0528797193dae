internal import HTTP
internal import PlainDialect
internal import Uploads

/// The dialects that are served, and the way of a request to one of them; the first that recognises it has it:
///
/// | request                                         | is                                     |
/// |-------------------------------------------------|----------------------------------------|
/// | with `Tus-Resumable`, but for GET; PATCH of `application/offset+octet-stream` | tus     |
/// | POST or PUT with other fields of tus, or its media type, and no completeness field | tus, which asks for the
/// version (412) |
/// | GET, HEAD, DELETE on an upload's address        | IETF; of a finished file GET is a download |
/// | content with a completeness field               | IETF                                   |
/// | any other PATCH on an upload's address          | IETF, which asks for the media type (415) |
/// | `/status`, `/upload`, but for forms without `X-File-Id` | file-id                        |
/// | any other POST or PUT                           | a form, or plain if no field of a resumable protocol is left
/// over |
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
        let isPart = isPart(request.exchange.head, at: request.place)
        for dialect in isPart ? readersOfRanges(among: all) : all {
            if try await dialect.serve(request) { return }
        }
        throw isPart ? ContentKind.partial : untaken(request)
    }

    /// Whether the content says that it is a part, which nobody may take for the whole.
    private static func isPart(_ head: RequestHead, at place: Address.Place) -> Bool {
        place.storesContent && brings(head.method) && head.fields.contains(.contentRange)
    }

    /// Those of some dialects that read `Content-Range`.
    static func readersOfRanges(among dialects: [any ServedDialect.Type]) -> [any ServedDialect.Type] {
        dialects.filter { $0.fields.marks.contains(.contentRange) }
    }

    private static func brings(_ method: Method) -> Bool { [.post, .put, .patch].contains(method) }

    /// What any request to an upload's address must be, whatever its protocol.
    private static func check(_ request: UploadRequest) throws(Refusal) {
        let (place, head) = (request.place, request.exchange.head)
        if !place.isBelowFiles, !place.methods.contains(head.method) {
            throw Dispatch.methodRefusal(allowed: place.methods)
        }
        if place.storesContent, brings(head.method) { try checkContent(head) }
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
