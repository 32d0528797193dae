import ArgumentParser
import Foundation

/// `sluice events given-up`
struct ListGivenUp: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "given-up", abstract: "List the events that a target was not told of after all attempts.",
        discussion: """
            The oldest first, the last ten thousand of them. With --json each is an object on a line of its own.
            """)

    @OptionGroup var options: AdminOptions

    func run() throws {
        let server = try options.server()
        var rows = [["ID", "EVENT", "UPLOAD", "TRUE SINCE", "GIVEN UP", "TARGET", "REASON"]]
        var after: Int64?
        repeat {
            let content = try server.ask("GET", "/queue/given-up?limit=1000\(after.map { "&after=\($0)" } ?? "")")
            let page = try AdminServer.decoded(GivenUpReply.self, content)
            after = page.next
            for event in page.events {
                rows.append([
                    event.id ?? "-", event.kind, event.upload, event.time, event.given_up, event.target ?? "-",
                    event.reason ?? "-",
                ])
            }
            if options.json {
                let object = try JSONSerialization.jsonObject(with: content) as? [String: Any]
                for event in object?["events"] as? [Any] ?? [] { AdminServer.say(try AdminServer.line(event)) }
            }
        } while after != nil
        if options.json { return }
        AdminServer.say(rows.count == 1 ? "No event was given up." : AdminTable.text(rows))
    }
}
