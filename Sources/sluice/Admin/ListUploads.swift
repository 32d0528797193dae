import ArgumentParser
import Foundation

/// `sluice list`
struct ListUploads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the uploads of a running server, the newest first.",
        discussion: "With --json each is an object on a line of its own.")

    @OptionGroup var options: AdminOptions

    @Option(help: ArgumentHelp("Those of one owner only.", valueName: "name"))
    var owner: String?

    @Option(help: ArgumentHelp("Those that are open, finished, failed or expired.", valueName: "state"))
    var state: String?

    @Option(help: ArgumentHelp("So many, at most; 0 for all.", valueName: "n"))
    var limit = 100

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit takes 0 or more.") }
        if let state, !["open", "finished", "failed", "expired"].contains(state) {
            throw ValidationError("--state takes open, finished, failed or expired.")
        }
    }

    func run() throws {
        let server = try options.server()
        var left = limit == 0 ? Int.max : limit
        var before: Int64?
        var rows = [["ID", "STATE", "BYTES", "OWNER", "CREATED", "NAME"]]
        repeat {
            var query = ["limit=\(min(left, 1000))"]
            if let owner { query.append("owner=\(AdminServer.escaped(owner))") }
            if let state { query.append("state=\(state)") }
            if let before { query.append("before=\(before)") }
            let content = try server.ask("GET", "/uploads?\(query.joined(separator: "&"))")
            let page = try AdminServer.decoded(UploadsReply.self, content)
            left -= page.uploads.count
            before = page.next
            if options.json { try ListUploads.tell(content) }
            for upload in page.uploads where !options.json {
                rows.append([
                    upload.id, upload.state, upload.amount, upload.owner ?? "-", upload.created, upload.name,
                ])
            }
        } while before != nil && left > 0
        if !options.json { AdminServer.say(AdminTable.text(rows)) }
    }

    private static func tell(_ page: Data) throws {
        let object = try JSONSerialization.jsonObject(with: page) as? [String: Any]
        for upload in object?["uploads"] as? [Any] ?? [] {
            AdminServer.say(try AdminServer.line(upload))
        }
    }
}
