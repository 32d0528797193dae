internal import Access
internal import HTTP
internal import Storage
internal import Uploads

/// `GET /uploads`: all of them, page by page, the newest first; `GET` and `DELETE /uploads/<id>`.
enum AdminUploads {
    static func list(_ exchange: Exchange) async throws {
        let query = try AdminQuery(exchange.head.target, ["owner", "state", "limit", "before"])
        var filter = UploadFilter(owner: try query.owner())
        if let word = query["state"] {
            guard let state = UploadState(word: word) else {
                throw AdminQuery.fault("state takes open, finished, failed or expired.")
            }
            filter.state = state
        }
        let limit = try query.number("limit", in: 1...Int64(ServerLimits.listedUploadsMax))
        let before = try query.number("before", in: 0...Int64.max)
        let page = try await exchange.uploads.list(
            filter, before: before, limit: limit.map(Int.init) ?? ServerLimits.listedUploads)
        var object = JSONObject()
        object.set(
            "uploads",
            page.uploads.map { upload, delivery in
                var report = UploadReport.listed(upload, received: exchange.uploads.received(upload.id))
                report.set(
                    "delivery",
                    UploadReport.delivery(delivery, of: upload, carried: exchange.uploads.carried(upload.id)))
                return report
            })
        object.set("next", page.next)
        await exchange.respond(json: object)
    }

    static func show(_ exchange: Exchange, _ id: UploadID) async throws {
        _ = try AdminQuery(exchange.head.target, [])
        guard let (upload, file) = try await exchange.uploads.overseen(id) else { throw unknown }
        let delivery = try await exchange.uploads.delivery(of: upload)
        var isDelivered = false
        if case .placed? = delivery { isDelivered = true }
        var report = UploadReport.object(
            upload, received: exchange.uploads.received(id), file: file, isDelivered: isDelivered)
        report.set("delivery", UploadReport.delivery(delivery, of: upload, carried: exchange.uploads.carried(id)))
        await exchange.respond(json: report)
    }

    /// Away with it, whoever sends it at the moment: as by its client's own DELETE. A file that is there whole goes
    /// only where that is asked for.
    static func cancel(_ exchange: Exchange, _ id: UploadID) async throws {
        let query = try AdminQuery(exchange.head.target, ["finished"])
        let takesFile = try query.number("finished", in: 0...1) == 1
        // It is looked at first: who may not have it should disturb nobody.
        try exchange.uploads.check(.delete, id)
        try check(try await exchange.uploads.overseen(id)?.upload, takesFile)
        let claim = try await exchange.uploads.claim(id, to: .delete)
        try check(claim.upload, takesFile)
        try await claim.delete()
        await exchange.respond(ResponseHead(.noContent))
    }

    private static func check(_ upload: Upload?, _ takesFile: Bool) throws(Refusal) {
        guard let upload else { throw unknown }
        if takesFile || upload.finished == nil { return }
        throw Refusal(
            .conflict, code: "upload-finished",
            "The upload has a finished file. To remove that as well ask with finished=1 (sluice cancel --finished).")
    }

    private static var unknown: Refusal {
        Refusal(.notFound, code: "unknown-upload", "There is no such upload, or its record was removed.")
    }
}

extension Exchange {
    /// Answers with JSON.
    func respond(json object: JSONObject) async {
        var response = ResponseHead(.ok)
        response.set("Content-Type", "application/json")
        await respond(response, body: Array("\(object.text)\n".utf8))
    }
}
