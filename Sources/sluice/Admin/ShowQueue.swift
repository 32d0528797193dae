import ArgumentParser

/// `sluice events`, also as `sluice events queue`
struct ShowQueue: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Show how many events wait to be told, and how their targets are.",
        discussion: "The place of --deliver or --deliver-s3 is one of them: what waits for it are files.")

    @OptionGroup var options: AdminOptions

    func run() throws {
        let content = try options.server().ask("GET", "/queue")
        if options.json { return AdminServer.say(AdminServer.line(content)) }
        let queue = try AdminServer.decoded(QueueReply.self, content)
        guard let limit = queue.limit else { return AdminServer.say("Nobody is told of events.") }
        AdminServer.say("\(queue.waiting) of at most \(limit) events wait, \(queue.dropped) were dropped.")
        if queue.given_up > 0 {
            AdminServer.say("\(queue.given_up) were given up and are kept: see sluice events given-up.")
        }
        let rows = queue.targets.map { target in
            [
                target.target, target.ended ? "ended" : "\(target.waiting)", target.oldest ?? "-", "\(target.taken)",
                "\(target.failures)", target.delivery ? "-" : "\(target.given_up)",
            ]
        }
        AdminServer.say(AdminTable.text([["TARGET", "WAITING", "OLDEST", "TAKEN", "FAILURES", "GIVEN UP"]] + rows))
        for target in queue.targets where target.waiting > 0 {
            guard let failure = target.last_failure else { continue }
            AdminServer.say(AdminTable.printable("\(target.target) failed last at \(failure.time): \(failure.reason)"))
        }
    }
}
