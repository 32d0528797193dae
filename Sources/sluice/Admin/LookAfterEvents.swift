import ArgumentParser

/// `sluice events`
struct LookAfterEvents: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what waits to be told, and have told again what was given up.",
        subcommands: [ShowQueue.self, ListGivenUp.self, TellAgain.self], defaultSubcommand: ShowQueue.self)
}
