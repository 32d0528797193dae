import ArgumentParser

/// `sluice events again`
struct TellAgain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "again", abstract: "Have events told again that were given up.",
        discussion: """
            To those targets alone that were not told, under the same id, behind what waits already, and for as long \
            as at first. It ends with the first one that is not kept.
            """)

    @OptionGroup var options: AdminOptions

    @Flag(help: "All that are kept.")
    var all = false

    @Argument(help: ArgumentHelp("What sluice events given-up calls them.", valueName: "id"))
    var ids: [String] = []

    func validate() throws {
        if all == !ids.isEmpty { throw ValidationError("Name events, or give --all.") }
    }

    func run() throws {
        let server = try options.server()
        for query in all ? ["all=1"] : ids.map({ "id=\(AdminServer.escaped($0))" }) {
            let content = try server.ask("POST", "/queue/again?\(query)")
            if options.json {
                AdminServer.say(AdminServer.line(content))
                continue
            }
            let count = try AdminServer.decoded(AgainReply.self, content).again
            AdminServer.say("\(count == 1 ? "1 event is" : "\(count) events are") told again.")
        }
    }
}
