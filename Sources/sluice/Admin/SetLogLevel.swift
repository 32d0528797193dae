import ArgumentParser

/// `sluice log-level`
struct SetLogLevel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level", abstract: "Show how much a running server logs, or change that.",
        discussion: "What is changed counts until the server is started anew or reads its configuration (SIGHUP).")

    @OptionGroup var options: AdminOptions

    @Argument(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical; without it the level is shown.",
            valueName: "level"))
    var level: String?

    func run() throws {
        let server = try options.server()
        let target = level.map { "/log-level?level=\(AdminServer.escaped($0))" } ?? "/log-level"
        let content = try server.ask(level == nil ? "GET" : "PUT", target)
        if options.json { return AdminServer.say(AdminServer.line(content)) }
        AdminServer.say(AdminTable.printable(try AdminServer.decoded(LevelReply.self, content).level))
    }
}
