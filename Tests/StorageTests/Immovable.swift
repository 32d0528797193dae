import Foundation

/// A file that nobody can remove or write for a while, root included. `chattr +i`
final class Immovable {
    private let path: String

    /// Whether this process may make files so where tests keep theirs.
    static let isAvailable: Bool = {
        let path = FileManager.default.temporaryDirectory.appending(path: "sluice-immovable-\(getpid())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = try? Immovable(path) else {
            return false
        }
        file.release()
        return true
    }()

    init(_ path: String) throws {
        self.path = path
        guard Immovable.change(path, "+i") else { throw CocoaError(.fileWriteNoPermission) }
    }

    deinit { release() }

    func release() { _ = Immovable.change(path, "-i") }

    private static func change(_ path: String, _ flag: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "chattr \(flag) '\(path)' 2>/dev/null"]
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
