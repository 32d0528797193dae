import ArgumentParser
import Foundation
import LinuxSystem
import Synchronization
import UploadServer

/// A running server, as those ask it who look after it. Whatever goes wrong ends the command with a line that says so.
struct AdminServer {
    let place: AdminCall.Place
    let token: String?

    /// How long a server may be silent: the longest answer takes some hundred milliseconds of it.
    private static let stallSeconds = 30

    /// Asks, and answers what was said.
    ///
    /// - Throws: 1 where there is no answer or the server has failed, 3 where it has refused.
    func ask(_ method: String = "GET", _ target: String) throws -> Data {
        let gathered = Mutex(Data())
        let head = try call(method, target) { _, bytes in
            gathered.withLock { $0.append(contentsOf: bytes) }
            return true
        }
        let content = gathered.withLock { $0 }
        if (200...299).contains(head.status) { return content }
        throw AdminServer.refused(head, content)
    }

    /// The parts of an answer.
    static func decoded<Reply: Decodable>(_ reply: Reply.Type, _ content: Data) throws -> Reply {
        do { return try JSONDecoder().decode(reply, from: content) } catch {
            complain("that is not what a server of this version says")
            throw ExitCode(1)
        }
    }

    /// A part of an answer on one line.
    static func line(_ part: Any) throws -> String {
        AdminTable.harmless(
            json: String(
                decoding: try JSONSerialization.data(
                    withJSONObject: part, options: [.sortedKeys, .withoutEscapingSlashes]),
                as: UTF8.self))
    }

    /// An answer as it came, without the end of its line.
    static func line(_ content: Data) -> String {
        AdminTable.harmless(json: String(decoding: content, as: UTF8.self).trimmingCharacters(in: .newlines))
    }

    /// Asks, and hands on each line as it comes, until `line` has had enough or the server ends.
    func follow(
        _ target: String, fields: [(name: String, value: String)], line: @escaping @Sendable (String) -> Bool
    ) throws {
        let rest = Mutex<[UInt8]>([])
        let head = try call("GET", target, fields) { head, bytes in
            let lines = rest.withLock { rest in
                rest += bytes
                var lines: [String] = []
                // A refusal is told as a whole.
                while head.status == 200, let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    lines.append(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeFirst(end + 1)
                }
                return lines
            }
            return lines.allSatisfy(line)
        }
        if head.status != 200 { throw AdminServer.refused(head, Data(rest.withLock { $0 })) }
    }

    private func call(
        _ method: String, _ target: String, _ fields: [(name: String, value: String)] = [],
        _ content: @escaping @Sendable (AdminCall.Head, [UInt8]) -> Bool
    ) throws -> AdminCall.Head {
        do throws(AdminCall.Failure) {
            return try AdminCall(place, token: token, stallSeconds: AdminServer.stallSeconds)
                .run(method, target, fields: fields, content: content)
        } catch {
            AdminServer.complain("\(error)")
            throw ExitCode(1)
        }
    }

    private static func refused(_ head: AdminCall.Head, _ content: Data) -> ExitCode {
        let text = AdminTable.printable(String(decoding: content.prefix(1000), as: UTF8.self))
        complain("\(head.status)\(head.code.map { " " + AdminTable.printable($0) } ?? ""): \(text)")
        return ExitCode(head.status >= 500 ? 1 : 3)
    }

    static func complain(_ text: String) { SystemProcess.write(Array("sluice: \(text)\n".utf8), to: 2) }

    static func say(_ text: String) { SystemProcess.write(Array("\(text)\n".utf8), to: 1) }

    /// `value` as it stands in a query.
    static func escaped(_ value: String) -> String {
        value.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
