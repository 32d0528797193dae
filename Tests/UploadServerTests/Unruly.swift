import Access
import HTTP
import Storage
import TLS
import Uploads

@testable import UploadServer

/// A dialect that does what none should: `PUT /files/<name>` with the field `X-Deed`.
enum Unruly: ServedDialect {
    private static let deed = FieldName("X-Deed")

    static let name = DialectName.plain
    static let fields = DialectFields(requests: [deed], marks: [deed], answers: [])
    static let methods: PlaceMethods = [.name: [.put]]

    enum Deed: String, CaseIterable {
        // Before there is an answer.
        case ownError, silence, interimAnswer, finalInterim, otherUpload, otherAppend, otherRestart
        case negativeLength, framesItself, keepsOpen, tellsLength, tellsLengths, switches
        case interimFrame, interimSwitch, contentFirst
        case forbiddenContent, forbiddenLength, forbiddenStream, resetContent
        // Behind it.
        case ownErrorLate, refusalLate, secondAnswer, secondHead, lateInterim, lateStream, lateFile
        // In it.
        case missingContent, tooMuchContent, countsMuch, tooMuchFile, leavesStream
        // In what it takes.
        case takesPart, takesAnySize
        // What a client could have said.
        case splitsField
        // Or never.
        case waitsForever
        // Nothing that would be wrong.
        case stores, takesFileID, storesMuch, sharesName
        // What it says of an error, and how much of it.
        case refusesWell, asksUnknown, answersLong, informsLong
        // What it would wait for itself for.
        case asksHeld, claimsHeld, claimsNewHeld, pinsHeld, asksWritten
    }

    struct OwnError: Error {}

    static func recognize(_ request: UploadRequest) -> Deed? {
        request.exchange.head.fields.text(deed).flatMap { Deed(rawValue: String($0)) }
    }

    static func serve(_ request: UploadRequest, as deed: Deed) async throws {
        let exchange = request.exchange
        switch deed {
        case .ownError: throw OwnError()
        case .silence: break
        case .interimAnswer: await exchange.respond(ResponseHead(.uploadResumptionSupported))
        case .finalInterim: await exchange.inform(ResponseHead(.ok))
        case .ownErrorLate, .refusalLate, .secondAnswer, .secondHead, .lateInterim, .lateStream, .lateFile:
            try await answer(exchange, before: deed)
        case .negativeLength: await exchange.startResponse(ResponseHead(.ok), contentLength: -1)
        case .framesItself: await exchange.respond(head("Transfer-Encoding", "chunked"))
        case .keepsOpen: await exchange.respond(head("connection", "keep-alive"))
        case .tellsLength: await exchange.respond(head("Content-Length", "5"), body: [1])
        case .tellsLengths: await exchange.startResponse(head("content-length", "5"), contentLength: 0)
        case .switches: await exchange.respond(head("Upgrade", "h2c"))
        case .interimFrame:
            var response = ResponseHead(.uploadResumptionSupported)
            response.set("Content-Length", 5)
            await exchange.inform(response)
        case .interimSwitch: await exchange.inform(ResponseHead(Status(101)!))
        case .contentFirst, .tooMuchFile: try await sendFile(exchange, deed)
        case .forbiddenLength: await exchange.startResponse(ResponseHead(.noContent), contentLength: 5)
        case .forbiddenStream: await exchange.startStream(ResponseHead(.notModified))
        case .resetContent: await exchange.respond(ResponseHead(Status(205)!), body: [1])
        case .splitsField:
            var response = head("X-Deed", "a\r\nX-Other: b\r\n\r\nc\nd\0e")
            response.reason = "Fine\r\nX-Third: c"
            await exchange.respond(response)
        case .missingContent: await exchange.startResponse(ResponseHead(.ok), contentLength: 5)
        case .tooMuchContent:
            await exchange.startResponse(ResponseHead(.ok), contentLength: 0)
            exchange.countSent(1)
        case .countsMuch:
            await exchange.startResponse(ResponseHead(.ok), contentLength: 0)
            for count in [Int.max, .max, .min, -1] { exchange.countSent(count) }
        case .waitsForever:
            await exchange.inform(ResponseHead(.uploadResumptionSupported))
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        case .forbiddenContent: await exchange.respond(ResponseHead(.noContent), body: [1, 2, 3])
        case .otherUpload, .otherAppend, .otherRestart: try await meddle(exchange, deed)
        case .stores:
            let upload = newUpload(.random(), length: nil, name: .fallback, contentType: nil)
            _ = try await WholeFile.receive(exchange.body, as: upload, for: exchange)
            var response = ResponseHead(.created)
            response.set("Location", exchange.location(of: upload.id))
            await exchange.respond(response)
        case .sharesName:
            // As no dialect draws one, without the owner.
            let id = UploadID(digest: Digest.sha256(Array("a".utf8)))
            var claim = try await exchange.uploads.claim(own: id, to: .create)
            if claim.upload == nil {
                let upload = newUpload(id, length: 1, name: .fallback, contentType: nil)
                try await exchange.uploads.create(upload, under: &claim)
            }
            await exchange.respond(ResponseHead(.noContent))
        case .leavesStream: await exchange.startStream(ResponseHead(.ok))
        case .takesPart: try await take(exchange, room: 0) { _ in .finish }
        case .takesAnySize:
            try await take(exchange, room: .max) { isTooMuch in
                isTooMuch ? .delete(refusal: .tooLarge(exchange.sizeMax)) : .finish
            }
        case .refusesWell: throw Refusal(.ok, code: "all-is-well", "All is well.")
        case .asksUnknown: throw StorageError.unknownUpload(.random())
        case .answersLong, .informsLong:
            var response = ResponseHead(deed == .answersLong ? .ok : .uploadResumptionSupported)
            response.set("X-Deed", String(repeating: "a", count: 70_000))
            await deed == .answersLong ? exchange.respond(response) : exchange.inform(response)
        case .asksHeld, .claimsHeld, .claimsNewHeld, .pinsHeld, .asksWritten: try await wait(exchange, deed)
        case .storesMuch:
            let id = UploadID.random()
            var claim = try exchange.uploads.claimNew(id)
            let much = exchange.server.configuration.sizeMax + 1
            try await exchange.uploads.create(
                newUpload(id, length: much, name: .fallback, contentType: nil), under: &claim)
        case .takesFileID:
            let fileID = fileID(exchange)
            var claim = try await exchange.uploads.claim(own: fileID, to: .create)
            try await exchange.uploads.create(
                newUpload(fileID, length: 11, name: .fallback, contentType: nil), under: &claim, isDurable: true)
            await exchange.respond(ResponseHead(.noContent))
        }
    }

    /// Holds an upload and asks for it.
    private static func wait(_ exchange: Exchange, _ deed: Deed) async throws {
        let id = UploadID.random()
        var claim = try exchange.uploads.claimNew(id)
        if deed == .claimsNewHeld { _ = try exchange.uploads.claimNew(id) }
        try await exchange.uploads.create(
            newUpload(id, length: 1, name: .fallback, contentType: nil), under: &claim, isDurable: true)
        switch deed {
        case .claimsHeld: _ = try await exchange.uploads.claim(id, to: .append)
        case .pinsHeld: _ = try await exchange.uploads.pin([id])
        case .asksWritten:
            let permit = try await claim.permit(at: .zero)
            _ = try await exchange.uploads.fenced(id)
            _ = try await permit.settle()
            return
        default: _ = try await exchange.uploads.fenced(id)
        }
        claim.release()
    }

    private static func answer(_ exchange: Exchange, before deed: Deed) async throws {
        await exchange.respond(ResponseHead(.noContent))
        switch deed {
        case .ownErrorLate: throw OwnError()
        case .refusalLate: throw Refusal.tooLarge(1)
        case .secondAnswer: await exchange.respond(ResponseHead(.ok), body: [1])
        case .secondHead: await exchange.startResponse(ResponseHead(.ok), contentLength: 1)
        case .lateStream:
            let stream = await EventStream(exchange, retryMilliseconds: 1) { _ in }
            await stream.end()
        case .lateFile: try await sendFile(exchange, deed)
        default: await exchange.inform(ResponseHead(.uploadResumptionSupported))
        }
    }

    /// Takes the request's content as a file of a length that nobody has told.
    private static func take(
        _ exchange: Exchange, room: Int64, verdict: (Bool) -> AppendFlow.Verdict
    ) async throws {
        let id = UploadID.random()
        var claim = try exchange.uploads.claimNew(id)
        try await exchange.uploads.create(
            newUpload(id, length: nil, name: .fallback, contentType: nil), under: &claim)
        let flow = AppendFlow(exchange: exchange, start: .zero, room: room, isResumable: false)
        _ = try await flow.run(claim, from: exchange.body) { _, content in verdict(content.isOverflow) }
        await exchange.respond(ResponseHead(.created))
    }

    private static func head(_ name: StaticString, _ value: String) -> ResponseHead {
        var response = ResponseHead(.ok)
        response.set(name, value)
        return response
    }

    /// Sends a byte of a file, where none may be sent.
    private static func sendFile(_ exchange: Exchange, _ deed: Deed) async throws {
        let id = UploadID.random()
        var claim = try exchange.uploads.claimNew(id)
        let upload = newUpload(id, length: 0, name: .fallback, contentType: nil)
        try await exchange.uploads.create(upload, under: &claim)
        let permit = try await claim.permit(at: .zero)
        _ = try await permit.finish(length: 0)
        guard let file = try await exchange.uploads.openFinished(upload) else { return }
        if deed == .tooMuchFile { await exchange.startResponse(ResponseHead(.ok), contentLength: 0) }
        await exchange.sendFile(file, from: 0, count: 1)
    }

    /// The upload of the file-id dialect whose clients call it "a".
    private static func fileID(_ exchange: Exchange) -> UploadID {
        FileIDHandler.uploadID(of: Array("a".utf8), for: exchange)
    }

    /// Does with an upload of another dialect what only that may.
    private static func meddle(_ exchange: Exchange, _ deed: Deed) async throws {
        switch deed {
        case .otherUpload:
            let id = UploadID.random()
            var claim = try exchange.uploads.claimNew(id)
            let upload = Upload(id: id, dialect: .tus, length: nil, name: .fallback, createdSeconds: 1)
            try await exchange.uploads.create(upload, under: &claim)
        case .otherAppend:
            let claim = try await exchange.uploads.claim(own: fileID(exchange), to: .append)
            let flow = AppendFlow(exchange: exchange, start: claim.upload?.offset ?? .zero, room: 100)
            _ = try await flow.run(claim, from: exchange.body) { _, _ in .finish }
        default:
            let fileID = fileID(exchange)
            var claim = try await exchange.uploads.claim(own: fileID, to: .append)
            try await exchange.uploads.restart(
                newUpload(fileID, length: nil, name: .fallback, contentType: nil), under: &claim)
        }
        await exchange.respond(ResponseHead(.noContent))
    }
}
