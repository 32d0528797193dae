import Configuration
import LinuxSystem

/// The path of a file that holds a secret, as an option names it. Somebody will say the secret itself in its place, in
/// a variable above all, and what is said of a path goes to logs that many read.
enum SecretFile {
    /// To be called before anything else is said of the path. Looks for the file: may block.
    ///
    /// - Throws: where nothing is there and the text may be a secret, without a word of it.
    static func check(_ path: String) throws(OptionFault) {
        if path.isEmpty { throw OptionFault("takes a file, not ''") }
        do throws(Errno) {
            _ = try FileStatus(of: FilePath(path))
        } catch {
            if isSurelyPath(path) { return }
            throw OptionFault(
                """
                takes a file: nothing can be read by the \(path.utf8.count) bytes there (\(error)), which are not \
                shown, since they may be the secret itself; a path that begins with ./ is
                """)
        }
    }

    /// Base 64 may begin with a slash, too, but goes on with no folder that there is; and it has no dots.
    private static func isSurelyPath(_ path: String) -> Bool {
        if path.hasPrefix("./") || path.hasPrefix("../") { return true }
        let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard names.count > 2, names[0].isEmpty, !names[1].isEmpty else { return false }
        let status = try? FileStatus(of: FilePath("/\(Substring(names[1]))"))
        return status?.kind == .directory
    }
}
