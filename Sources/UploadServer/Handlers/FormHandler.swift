internal import Access
internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Reactor
internal import Uploads

/// `multipart/form-data` on `/upload` and `/files`: each file part becomes a finished file of its own (curl -F, and the
/// page where no script runs). All of them, when the form has come to its end and every part of it was understood; of
/// a form that is refused or breaks off nothing is left.
enum FormHandler {
    static func handle(_ exchange: Exchange, boundary: [UInt8]) async throws {
        try WholeRequest.check(exchange.head, foreign: ServedDialects.marks)
        try exchange.uploads.check(.create, nil)
        try await exchange.body.welcome()
        let files = FormFiles(exchange)
        let stored: [StoredFile]
        do {
            try await read(FormBody(exchange, boundary: boundary), into: files, exchange)
            stored = try await files.finish()
        } catch {
            await files.forget()
            throw error
        }
        exchange.note = "files:\(stored.count)"
        let wantsPage = exchange.head.fields.text(.accept)?.containsFolded("text/html") ?? false
        let (head, body) = CreatedAnswer.form(stored, wantsPage: wantsPage)
        await exchange.respond(head, body: Array(body.utf8))
    }

    private static func read(_ form: FormBody, into files: FormFiles, _ exchange: Exchange) async throws {
        // Many parts of a few kilobytes each come at once, and none of them waits for anything.
        var sliceStart = SystemClock.monotonicNanoseconds
        while let part = try await form.nextPart() {
            await exchange.watch.yield(after: &sliceStart)
            switch try FormPart(part) {
            case .file(let name, let type):
                let upload = PlainHandler.newUpload(
                    .random(), length: nil, name: CleanName(name), contentType: type)
                // Browsers send an empty part without a name where no file was chosen.
                try await files.receive(form, as: upload, keepsEmpty: !name.isEmpty)
            case .field(let name):
                let value = try await form.value()
                guard !value.holdsNUL else { throw FormPart.nameless }
                if FilePieces.concerns(name) { try FilePieces.check(field: name, value: value.start) }
            }
        }
        guard !files.isEmpty else {
            throw Refusal(.badRequest, reason: "No file", code: "no-file", "The form holds no file.")
        }
    }
}
