internal import HTTP
internal import LinuxSystem
internal import Wire

/// Takes answers from a connection. Confined to its loop.
struct AnswerReader: ~Copyable {
    private let transport: Transport
    private let memory: AlignedBuffer
    private var parser = ResponseParser()
    /// Received, and not looked at yet.
    private var input: [UInt8] = []
    /// The head of the final answer, once it is there.
    private var head: ReceivedResponse?
    /// Whether the connection cannot carry another request.
    private(set) var isAtEnd = false

    init(_ transport: Transport, _ memory: consuming AlignedBuffer) {
        self.transport = transport
        self.memory = memory
    }

    /// Looks at what has come, without waiting: whether the head of a final answer is among it.
    mutating func mayAnswer(interim: (ReceivedResponse) -> Void) throws -> Bool {
        while try receiveNow() {}
        return try hasHead(interim)
    }

    /// Waits for the final answer and its content.
    mutating func read(
        answering method: Method, interim: (ReceivedResponse) -> Void
    ) async throws -> Answer {
        while try !hasHead(interim) { try await receive() }
        guard let head = head.take() else { preconditionFailure("the loop above waits for it") }
        var content: [UInt8] = []
        switch try head.framing(answering: method) {
        case BodyFraming.none?: break
        case .length(let length)?: try await take(Int(clamping: length), into: &content)
        case .chunked?: try await takeChunks(into: &content)
        case nil:
            isAtEnd = true
            while content.count < ClientLimits.answerBytes {
                content += input
                input = []
                guard try await receiveUnlessEnded() else { break }
            }
        }
        if !head.keepsAlive { isAtEnd = true }
        return Answer(status: head.status, reason: head.reason, fields: head.fields, content: content)
    }

    private mutating func take(_ length: Int, into content: inout [UInt8]) async throws {
        guard length <= ClientLimits.answerBytes else {
            isAtEnd = true
            return
        }
        while input.count < length { try await receive() }
        content = Array(input[..<length])
        input.removeFirst(length)
    }

    private mutating func takeChunks(into content: inout [UInt8]) async throws {
        var decoder = ChunkedDecoder()
        var position = 0
        while content.count < ClientLimits.answerBytes {
            let step = try decoder.next(input.span, from: position)
            position = step.next
            switch step.event {
            case .data(let range): content += input[range]
            case .end:
                input.removeFirst(position)
                return
            case .needsMore:
                input = []
                position = 0
                try await receive()
            }
        }
        isAtEnd = true
    }

    private mutating func hasHead(_ interim: (ReceivedResponse) -> Void) throws -> Bool {
        while head == nil, !input.isEmpty {
            let bytes = input
            let count = try parser.consume(bytes.span)
            input = Array(bytes[count...])
            guard let response = parser.takeResponse() else { break }
            if response.status.isInformational { interim(response) } else { head = response }
        }
        return head != nil
    }

    private mutating func receive() async throws {
        guard try await receiveUnlessEnded() else { throw TransportError.truncated }
    }

    /// Waits for bytes. Answers false where none will come any more.
    private mutating func receiveUnlessEnded() async throws -> Bool {
        while true {
            switch try transport.readNow(into: memory.memory, count: memory.count) {
            case .bytes(let count):
                keep(count)
                return true
            case .endOfStream: return false
            case .wouldBlock: try await transport.untilReadable()
            }
        }
    }

    /// Takes in what is there. Answers whether that was anything.
    private mutating func receiveNow() throws -> Bool {
        switch try transport.readNow(into: memory.memory, count: memory.count) {
        case .bytes(let count):
            keep(count)
            return true
        case .wouldBlock: return false
        case .endOfStream:
            // What came before the end may still be an answer.
            if input.isEmpty { throw TransportError.truncated }
            return false
        }
    }

    private mutating func keep(_ count: Int) {
        input += UnsafeRawBufferPointer(start: memory.memory, count: count)
    }
}
