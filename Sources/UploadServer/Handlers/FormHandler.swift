internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Uploads

/// `multipart/form-data` on `/upload` and `/files`: each file part becomes a finished file of its own (curl -F, and the
/// page where no script runs). When the form breaks off, the files before that stay.
enum FormHandler {
    static func handle(_ exchange: Exchange) async throws {
        guard let type = exchange.head.fields.text(.contentType).flatMap({ MediaType($0) }),
            let boundary = MultipartParser.boundary(of: type)
        else {
            throw Refusal(.badRequest, code: "no-boundary", "The form's Content-Type lacks a valid boundary.")
        }
        try await exchange.body.welcome()
        let form = FormBody(exchange, boundary: boundary)
        var stored: [StoredFile] = []
        while let part = try await form.nextPart() {
            guard let filename = part.filename else { continue }
            let upload = Upload(
                id: UploadID(high: Randomness.word(), low: Randomness.word()), dialect: .plain, length: nil,
                name: CleanName(filename), contentType: part.contentType?.essence,
                createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
            // Browsers send an empty part without a name where no file was chosen.
            if let file = try await WholeFile.receive(form, as: upload, for: exchange, keepsEmpty: !filename.isEmpty) {
                stored.append(file)
            }
        }
        guard !stored.isEmpty else {
            throw Refusal(.badRequest, reason: "No file", code: "no-file", "The form holds no file.")
        }
        exchange.note = "files:\(stored.count)"
        let wantsPage = exchange.head.fields.text(.accept)?.contains("text/html") ?? false
        let (head, body) = CreatedAnswer.form(stored, wantsPage: wantsPage)
        await exchange.respond(head, body: Array(body.utf8))
    }
}
