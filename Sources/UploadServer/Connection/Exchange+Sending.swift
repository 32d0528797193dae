internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Wire

extension Exchange {
    /// Sends `count` bytes of a stored file, from byte `start` on, as the content of an answer that was started. Piece
    /// by piece: a disk thread reads, the loop sends.
    ///
    /// Memory is lent only while the client takes bytes: who reads slowly holds none while it is waited for, and what
    /// the system holds for it is bounded (`ServerLimits.unsentBytesMax`). It may take its time as long as bytes really
    /// leave: the patience with a download is told by what its peer's system has confirmed. What cannot be completed
    /// ends as a broken connection, and the log says why.
    func sendFile(_ file: borrowing FinishedReader, from start: Int64, count: Int64) async {
        guard !isBroken, await mayFollow(count) else { return }
        channel.beginContent()
        let idleNanoseconds = server.configuration.downloadIdleNanoseconds
        var pace = BodyPace(
            idleNanoseconds: idleNanoseconds, minimumRate: server.configuration.bodyRateBytes,
            windowNanoseconds: idleNanoseconds)
        var sent: Int64 = 0
        var throttle = outgoingThrottle
        do throws(SendFailure) {
            while sent < count {
                let most = min(count - sent, throttle.map { Int64($0.stepBytes) } ?? .max)
                do throws(Interruption) { _ = try await throttle?.wait(for: Int(most), watch) } catch {
                    throw .transport(.interrupted(error))
                }
                try await sendPiece(file, at: start + sent, left: most, &sent, &throttle)
                if sent < count { try await untilTaken(&pace, sent) }
            }
        } catch {
            note = error.note
            abortResponse()
        }
    }

    private enum SendFailure: Error {
        case transport(TransportError)
        /// There was no memory for a long while.
        case noBuffer
        /// The file is not what it was, or cannot be read.
        case unreadable

        var note: String {
            switch self {
            case .transport(.interrupted(.timedOut)): "download-too-slow"
            case .transport(let error): "\(error)"
            case .noBuffer: "no-buffer"
            case .unreadable: "file-unreadable"
            }
        }
    }

    /// Sends as much of one buffer as the client takes without making anybody wait for long.
    ///
    /// - Parameter sent: counts what was handed over, also where it throws.
    private func sendPiece(
        _ file: borrowing FinishedReader, at offset: Int64, left: Int64, _ sent: inout Int64,
        _ throttle: inout Throttle?
    ) async throws(SendFailure) {
        let before = sent
        defer { throttle?.moved(Int(sent - before)) }
        var buffer = try await leaseToSend(&throttle)
        // Never fewer bytes than were left over from the piece before, which the encryption asks for.
        let wanted = Int(min(Int64(buffer.count), left))
        let read = await file.read(into: buffer, at: offset, count: wanted)
        let isWhole = read.count == wanted
        buffer = read.takeBuffer()
        var failure: SendFailure? = isWhole ? nil : .unreadable
        if isWhole {
            // A thousand downloads may have their bytes at the same moment.
            await watch.yield()
            do throws(TransportError) {
                try await send(buffer.memory, wanted, holds: throttle == nil, &sent)
            } catch {
                failure = .transport(error)
            }
        }
        connection.sendBuffers.giveBack(buffer)
        if let failure { throw failure }
    }

    private func leaseToSend(_ throttle: inout Throttle?) async throws(SendFailure) -> AlignedBuffer {
        let pool = connection.sendBuffers
        if let buffer = pool.tryLease() { return buffer }
        // The others need not wait for this as well; what is sent is paid for afterwards.
        throttle?.moved(0)
        do throws(Interruption) {
            return try await pool.lease(watch, nanoseconds: server.configuration.bufferWaitNanoseconds)
        } catch {
            throw error == .timedOut ? .noBuffer : .transport(.interrupted(error))
        }
    }

    /// - Parameter holds: whether a client that takes nothing is waited for, for a moment.
    private func send(
        _ memory: UnsafeMutableRawPointer, _ count: Int, holds: Bool, _ total: inout Int64
    ) async throws(TransportError) {
        let end = SystemClock.monotonicNanoseconds + ServerLimits.bufferHoldNanoseconds
        var sliceStart = SystemClock.monotonicNanoseconds
        var sent = 0
        while sent < count {
            let moved = try channel.sendSome(from: memory + sent, count: count - sent)
            sent += moved
            total += Int64(moved)
            countSent(moved)
            if moved > 0 {
                await watch.yield(after: &sliceStart)
                continue
            }
            if !holds { break }
            watch.setDeadline(end)
            do throws(TransportError) {
                try await channel.untilRoom()
            } catch {
                guard case .interrupted(.timedOut) = error else { throw error }
                watch.clearInterruption()
                break
            }
        }
        watch.setDeadline(.max)
    }

    /// Sleeps until the client has taken enough for more to be sent, as long as its pace allows.
    private func untilTaken(_ pace: inout BodyPace, _ sent: Int64) async throws(SendFailure) {
        while true {
            let start = SystemClock.monotonicNanoseconds
            let stalled = watch.stalledNanoseconds
            let taken = max(0, sent - channel.unconfirmedBytes)
            watch.setDeadline(start + pace.allowance(received: taken))
            do throws(TransportError) {
                defer {
                    let waited = SystemClock.monotonicNanoseconds - start - (watch.stalledNanoseconds - stalled)
                    pace.spent(nanoseconds: waited)
                }
                return try await channel.untilRoom()
            } catch {
                // Bytes may have left, too few for the system to ask for more.
                guard case .interrupted(.timedOut) = error,
                    pace.allowance(received: max(0, sent - channel.unconfirmedBytes)) > 0
                else { throw .transport(error) }
                watch.clearInterruption()
            }
        }
    }
}
