import ArgumentParser
import Foundation
import Synchronization

/// `sluice watch`
struct WatchUploads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Watch what becomes of uploads, as it does.",
        discussion: """
            One line for each upload that begins, comes further, is finished, deleted, expired or failed. It ends with \
            the server, and by Ctrl-C.
            """)

    @OptionGroup var options: AdminOptions

    @Option(help: ArgumentHelp("Those of one owner only.", valueName: "name"))
    var owner: String?

    @Flag(inversion: .prefixedNo, help: "Tell how far uploads are that come in.")
    var progress = true

    func run() throws {
        var query = ["progress=\(progress ? 1 : 0)"]
        if let owner { query.append("owner=\(AdminServer.escaped(owner))") }
        let json = options.json
        let event = Mutex("")
        let server = try options.server()
        try server.follow("/events?\(query.joined(separator: "&"))", fields: []) { line in
            if line.hasPrefix("event: ") { event.withLock { $0 = String(line.dropFirst(7)) } }
            guard line.hasPrefix("data: ") else { return true }
            let data = String(line.dropFirst(6))
            AdminServer.say(WatchUploads.text(event.withLock { $0 }, data, json: json))
            return true
        }
        AdminServer.complain("the server has ended it")
        throw ExitCode(1)
    }

    private static func text(_ event: String, _ data: String, json: Bool) -> String {
        if json { return AdminTable.harmless(json: "{\"event\":\"\(event)\",\"data\":\(data)}") }
        let decoder = JSONDecoder()
        let bytes = Data(data.utf8)
        let told = try? decoder.decode(EventReply.self, from: bytes)
        guard let upload = told?.upload ?? (try? decoder.decode(UploadReply.self, from: bytes)) else {
            return AdminTable.printable(event)
        }
        let words = [event, upload.id, upload.amount, upload.owner ?? "-", upload.name]
        return words.map(AdminTable.printable).joined(separator: "  ")
    }
}
