import ArgumentParser

/// `sluice import`
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take uploads of another server's over.", subcommands: [ImportTusd.self])
}
