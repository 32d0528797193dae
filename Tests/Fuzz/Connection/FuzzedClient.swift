import Foundation
import HTTP
import LinuxSystem
import Uploads

/// One connection to the server, seen from the client: what was asked, what was answered, and whether that fits.
final class FuzzedClient {
    /// How long the server may take for anything, on a machine that does much else.
    static let patienceNanoseconds: Int64 = 30_000_000_000

    private let socket: Socket
    private var asked = AskedRequests()
    private var answers = ReceivedAnswers()
    private var isOver = false

    init(_ address: SocketAddress) {
        guard let socket = try? Socket.connecting(to: address) else { fatalError("the server takes a connection") }
        self.socket = socket
    }

    /// The final answers so far.
    var statuses: [Int] { answers.statuses }

    /// The ids of uploads whose addresses were told since the last call.
    func takeToldIDs() -> [String] { answers.takeToldIDs() }

    /// Sends all bytes in a few pieces, while taking what comes back.
    func send(_ bytes: [UInt8], cuts splits: inout Splits) {
        asked.add(bytes)
        var start = 0
        for end in splits.some(2).map({ min($0, bytes.count) }) + [bytes.count] {
            while start < end, !isOver {
                let wanted = end - start
                let result = bytes.withUnsafeBytes { memory in
                    Result { () throws(Errno) in try socket.send(from: memory.baseAddress! + start, count: wanted) }
                }
                switch result {
                case .success(.bytes(let count)): start += count
                case .success: wait(for: POLLIN | POLLOUT)
                case .failure: receive(untilOver: true)
                }
            }
        }
    }

    /// Waits until every request that was sent to its end is answered, or the server has closed the connection.
    func awaitAnswers() {
        while !isOver, answers.statuses.count < asked.completed {
            receive(untilOver: false)
            if !isOver, answers.statuses.count < asked.completed { wait(for: POLLIN) }
        }
        checkCounts()
    }

    /// Sends no more, and waits until the server has closed the connection.
    func finish() {
        socket.shutdownWriting()
        receive(untilOver: true)
        checkCounts()
    }

    private func checkCounts() {
        // One more than was understood: what could not be read is answered, too.
        let most = asked.methods.count + (asked.isBroken || asked.isPartial ? 1 : 0)
        require(answers.statuses.count <= most, "\(answers.statuses) answer \(asked)")
    }

    private func receive(untilOver: Bool) {
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { memory in
            while !isOver {
                switch Result(catching: { () throws(Errno) in
                    try socket.receive(into: memory.baseAddress!, count: memory.count)
                }) {
                case .success(.bytes(let count)):
                    answers.add(Array(memory[..<count])) { [asked] index in
                        index < asked.methods.count ? asked.methods[index] : asked.unfinishedMethod
                    }
                case .success(.wouldBlock):
                    guard untilOver else { return }
                    wait(for: POLLIN)
                case .success(.endOfStream):
                    isOver = true
                    require(answers.isWhole, "no answer is cut off")
                case .failure:
                    isOver = true
                }
            }
        }
    }

    private func wait(for events: Int32) {
        var entry = pollfd(fd: socket.descriptor.rawValue, events: Int16(events), revents: 0)
        let milliseconds = Int32(FuzzedClient.patienceNanoseconds / 1_000_000)
        require(poll(&entry, 1, milliseconds) > 0, "the server answers in time: \(answers.statuses) to \(asked)")
    }
}
