internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// Attempts to connect to the addresses of one host, of which the first that comes through wins (RFC 8305).
///
/// Each attempt is a task of its own; all of them, and whoever waits, share this value. Nobody outlives the race: who
/// has not won when it is decided is interrupted and closes its socket.
final class ConnectionRace: Sendable {
    private struct State {
        var winner: Int32?
        var isOver = false
        var running: [EventToken] = []
        var failures: [(address: SocketAddress, error: Errno)] = []
    }

    private let state = Mutex(State())
    private let judge: EventToken

    private init(judge: EventToken) { self.judge = judge }

    /// Connects to one of the addresses, which are tried in this order: the next one as soon as the last has failed or
    /// taken a quarter of a second.
    ///
    /// - Parameters:
    ///   - addresses: at least one.
    ///   - nanoseconds: how long all of it may take.
    /// - Returns: the number of a connected, non-blocking socket, which is the caller's.
    /// - Throws: `.lost` with the most telling reason.
    static func run(
        _ addresses: [SocketAddress], nanoseconds: Int64, for place: String, on loop: isolated EventLoop
    ) async throws(ExchangeFailure) -> Int32 {
        let watch = loop.watch()
        defer { loop.end(watch) }
        let race = ConnectionRace(judge: watch.token)
        let end = SystemClock.monotonicNanoseconds + nanoseconds
        for (index, address) in addresses.enumerated() {
            loop.spawn { loop in await race.attempt(address, on: loop) }
            let isLast = index == addresses.count - 1
            let patience = SystemClock.monotonicNanoseconds + HTTPClientLimits.nextAddressNanoseconds
            watch.setDeadline(isLast ? end : min(end, patience))
            do throws(Interruption) {
                while !race.isDecided(failures: index + 1) { try await watch.untilWoken() }
            } catch {
                watch.clearInterruption()
            }
            if race.hasWinner || SystemClock.monotonicNanoseconds >= end { break }
        }
        let (winner, running) = race.finish()
        for token in running { loop.interrupt(token, .timedOut) }
        if let winner { return winner }
        throw ExchangeFailure(.lost, "cannot connect to \(place): \(race.reason)")
    }

    private func attempt(_ address: SocketAddress, on loop: isolated EventLoop) async {
        do {
            let socket = try Socket.connecting(to: address)
            let number = socket.descriptor.rawValue
            let watch = try loop.watch(number)
            defer { loop.end(watch, number) }
            guard begin(watch.token) else { return }
            watch.exhaustedWriting()
            try await watch.untilWritable()
            if let error = socket.pendingError() { throw error }
            if wins(number) { _ = socket.release() }
        } catch let error as Errno {
            state.withLock { $0.failures.append((address, error)) }
        } catch {}
        loop.wake(judge)
    }

    /// Answers false where the race is over already.
    private func begin(_ token: EventToken) -> Bool {
        state.withLock { state in
            if !state.isOver { state.running.append(token) }
            return !state.isOver
        }
    }

    /// Answers whether this socket is the one; whoever comes later closes its own.
    private func wins(_ number: Int32) -> Bool {
        state.withLock { state in
            guard !state.isOver, state.winner == nil else { return false }
            state.winner = number
            return true
        }
    }

    private var hasWinner: Bool { state.withLock { $0.winner != nil } }

    private func isDecided(failures: Int) -> Bool {
        state.withLock { $0.winner != nil || $0.failures.count >= failures }
    }

    private func finish() -> (winner: Int32?, running: [EventToken]) {
        state.withLock { state in
            state.isOver = true
            return (state.winner.take(), state.running)
        }
    }

    /// Of several reasons the last one that says something about the server: that this machine has no way to one kind
    /// of address does not.
    private var reason: String {
        let failures = state.withLock { $0.failures }
        let telling =
            failures.last { ![.networkUnreachable, .addressNotAvailable].contains($0.error) } ?? failures.last
        guard let telling else { return "no answer in time" }
        return "\(telling.error) (\(telling.address.host))"
    }
}
