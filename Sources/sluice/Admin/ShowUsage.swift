import ArgumentParser
import Foundation

/// `sluice usage`
struct ShowUsage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Show what owners have, in the order of their names.",
        discussion: "With --json each is an object on a line of its own.")

    @OptionGroup var options: AdminOptions

    @Option(help: ArgumentHelp("That of one owner only.", valueName: "name"))
    var owner: String?

    func run() throws {
        let server = try options.server()
        var rows = [["OWNER", "BYTES", "FILES", "OPEN"]]
        var query = owner.map { "owner=\(AdminServer.escaped($0))" } ?? "limit=1000"
        while true {
            let content = try server.ask("GET", "/usage?\(query)")
            let page = try AdminServer.decoded(UsageReply.self, content)
            for entry in page.owners {
                rows.append([entry.owner, AdminTable.bytes(entry.bytes), "\(entry.files)", "\(entry.open)"])
            }
            if options.json {
                let object = try JSONSerialization.jsonObject(with: content) as? [String: Any]
                for entry in object?["owners"] as? [Any] ?? [] { AdminServer.say(try AdminServer.line(entry)) }
            }
            guard let next = page.next else { break }
            query = "limit=1000&after=\(AdminServer.escaped(next))"
        }
        if !options.json { AdminServer.say(AdminTable.text(rows)) }
    }
}
