internal import LinuxSystem
internal import Reactor

/// One connection and the requests that it makes, one after the other. Confined to its loop.
final class Client {
    private let plan: LoadPlan
    private var stream: ClientStream
    private var parser = AnswerParser()
    /// Whether the server has said that it ends the connection.
    private var isSpent = false
    /// The upload that the head dialect asks for: the head of its requests.
    private var offsetHead: [UInt8] = []
    /// Memory of the loop, good until the next suspension.
    private let scratch: UnsafeMutableRawBufferPointer

    private init(_ plan: LoadPlan, _ stream: ClientStream, _ scratch: UnsafeMutableRawBufferPointer) {
        self.plan = plan
        self.stream = stream
        self.scratch = scratch
    }

    static func connect(_ plan: LoadPlan, on loop: isolated EventLoop) async throws(LoadError) -> Client {
        let stream = try await ClientStream.connect(plan, on: loop)
        let client = Client(
            plan, stream, UnsafeMutableRawBufferPointer(start: loop.scratch.memory, count: loop.scratch.count))
        if plan.dialect == .head {
            do throws(LoadError) {
                try await client.createUpload()
            } catch {
                client.close(on: loop)
                throw error
            }
        }
        return client
    }

    func close(on loop: isolated EventLoop) { stream.close(on: loop) }

    /// Makes one request of the plan's dialect and checks its answer. A connection that the server has ended after an
    /// earlier answer is made anew first.
    func perform(_ request: Int, on loop: isolated EventLoop) async throws(LoadError) {
        if isSpent {
            stream.close(on: loop)
            stream = try await ClientStream.connect(plan, on: loop)
            isSpent = false
        }
        switch plan.dialect {
        case .plain:
            let answer = try await exchange(plan.head(of: request), bodyBytes: plan.bodyBytes)
            try expect(201, in: answer)
            guard String(decoding: answer.body, as: UTF8.self).contains("\"size\":\(plan.bodyBytes)}") else {
                throw wrong(answer, "a size of \(plan.bodyBytes)")
            }
        case .put:
            try await expect(201, in: exchange(plan.head(of: request), bodyBytes: plan.bodyBytes))
        case .fileID:
            try await expectCount(0, in: exchange(plan.statusHead(of: request), bodyBytes: 0))
            try await expectCount(plan.bodyBytes, in: exchange(plan.head(of: request), bodyBytes: plan.bodyBytes))
        case .status:
            try await expectCount(0, in: exchange(plan.head(of: request), bodyBytes: 0))
        case .head:
            try await expect(200, in: exchange(offsetHead, bodyBytes: 0))
        }
    }

    private func createUpload() async throws(LoadError) {
        let answer = try await exchange(plan.creationHead, bodyBytes: 0)
        try expect(201, in: answer)
        guard let location = answer.location else { throw wrong(answer, "a Location") }
        offsetHead = plan.offsetHead(of: location)
        parser.answersHead = true
    }

    /// Lets the connection lie still.
    func rest() { stream.rest() }

    /// Whether the server has kept the connection, and said nothing unasked.
    func isStillOpen() -> Bool {
        guard !isSpent, let result = try? stream.receive(into: scratch.baseAddress!, count: scratch.count) else {
            return false
        }
        return result == .wouldBlock
    }

    // MARK: Answers

    private func expect(_ status: Int, in answer: Response) throws(LoadError) {
        if answer.status != status { throw wrong(answer, "\(status)") }
    }

    private func expectCount(_ count: Int64, in answer: Response) throws(LoadError) {
        try expect(200, in: answer)
        if !answer.body.elementsEqual(String(count).utf8) { throw wrong(answer, "a count of \(count)") }
    }

    private func wrong(_ answer: Response, _ expected: String) -> LoadError {
        let body = String(decoding: answer.body.prefix(200), as: UTF8.self)
        return LoadError("expected \(expected), got \(answer.status) \(answer.reason): \(body)")
    }

    // MARK: The exchange

    private func exchange(_ head: [UInt8], bodyBytes: Int64) async throws(LoadError) -> Response {
        let piece = plan.bytesPerSecond.map(LoadLimits.pacePieceBytes(at:)) ?? .max
        var due = SystemClock.monotonicNanoseconds
        var position = min(bodyBytes, piece, Int64(LoadLimits.coalescedBodyBytes))
        try await send(head, bodyPrefix: Int(position))
        while position < bodyBytes {
            if let rate = plan.bytesPerSecond {
                due += 1_000_000_000 * piece / rate
                await stream.pause(nanoseconds: due - SystemClock.monotonicNanoseconds)
            }
            let end = min(bodyBytes, position.addingReportingOverflow(piece).overflow ? .max : position + piece)
            while position < end {
                let bytes = plan.body.bytes(at: position)
                let count = Int(min(Int64(bytes.count), end - position))
                position += Int64(try await moved(stream.send(from: bytes.baseAddress!, count: count)))
            }
        }
        return try await receive()
    }

    /// Sends the head and the first bytes of the body in one write where the socket takes them.
    private func send(_ head: [UInt8], bodyPrefix: Int) async throws(LoadError) {
        precondition(head.count + bodyPrefix <= scratch.count)
        let count = head.count + bodyPrefix
        var done = 0
        while done < count {
            // Laid out anew after each wait, since the memory is shared with the loop's other connections.
            scratch.copyBytes(from: head)
            (scratch.baseAddress! + head.count).copyMemory(
                from: plan.body.bytes(at: 0).baseAddress!, byteCount: bodyPrefix)
            done += try await moved(stream.send(from: scratch.baseAddress! + done, count: count - done))
        }
    }

    /// How many bytes went; where none did, waits until some can. An answer before the end of the body is an error.
    private func moved(_ result: IOResult) async throws(LoadError) -> Int {
        if case .bytes(let count) = result { return count }
        if stream.mayRead, try receiveNow() {
            throw try parser.next().map { wrong($0, "no answer before the body's end") }
                ?? LoadError("the answer began before the body's end")
        }
        try await stream.untilWritable()
        return 0
    }

    private func receive() async throws(LoadError) -> Response {
        while true {
            if let answer = try parser.next() {
                isSpent = answer.closes
                return answer
            }
            if try !receiveNow() { try await stream.untilReadable() }
        }
    }

    /// Takes in what is there. Answers whether that was anything.
    private func receiveNow() throws(LoadError) -> Bool {
        switch try stream.receive(into: scratch.baseAddress!, count: scratch.count) {
        case .bytes(let count):
            parser.append(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            return true
        case .wouldBlock: return false
        case .endOfStream: throw LoadError("the server closed the connection without an answer")
        }
    }
}
