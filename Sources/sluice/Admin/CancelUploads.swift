import ArgumentParser

/// `sluice cancel`
struct CancelUploads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Remove uploads from a running server, with their bytes.",
        discussion: """
            Whoever sends one at the moment is told that it is gone, as by the client's own DELETE. It ends with the \
            first one that cannot be removed.
            """)

    @OptionGroup var options: AdminOptions

    @Flag(help: "Remove finished files as well; without this they are refused.")
    var finished = false

    @Argument(help: ArgumentHelp("The last parts of the uploads' addresses.", valueName: "id"))
    var ids: [String]

    func run() throws {
        let server = try options.server()
        for id in ids {
            _ = try server.ask("DELETE", "/uploads/\(AdminServer.escaped(id))\(finished ? "?finished=1" : "")")
            AdminServer.say(options.json ? "{\"id\":\"\(id)\",\"state\":\"deleted\"}" : "\(id) removed")
        }
    }
}
