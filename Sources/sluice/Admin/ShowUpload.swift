import ArgumentParser

/// `sluice show`
struct ShowUpload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a running server knows of an upload.")

    @OptionGroup var options: AdminOptions

    @Argument(help: ArgumentHelp("The last part of the upload's address.", valueName: "id"))
    var id: String

    func run() throws {
        let content = try options.server().ask("GET", "/uploads/\(AdminServer.escaped(id))")
        if options.json { return AdminServer.say(AdminServer.line(content)) }
        let upload = try AdminServer.decoded(UploadReply.self, content)
        var rows = [
            ["id", upload.id], ["name", upload.name], ["state", upload.state], ["bytes", upload.amount],
            ["owner", upload.owner ?? "-"], ["protocol", upload.dialect], ["created", upload.created],
            ["expires", upload.expires ?? "-"],
        ]
        if let file = upload.file {
            let isDelivered = upload.delivery?.state == "delivered"
            let reason = isDelivered ? "it was brought to its place" : "somebody has taken it away"
            rows += [["file", file.path + (upload.missing == true ? " (not here any more: \(reason))" : "")]]
            rows += [["finished", file.finished]]
            if let way = upload.way { rows.append(["delivery", way]) }
            if let digest = file.digest { rows.append(["digest", digest]) }
        }
        AdminServer.say(AdminTable.text(rows))
    }
}
