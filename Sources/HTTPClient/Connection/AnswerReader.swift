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
    /// Whether a byte has come since the last answer.
    private(set) var hasBegun = false
    private var interimCount = 0

    init(_ transport: Transport, _ memory: consuming AlignedBuffer) {
        self.transport = transport
        self.memory = memory
    }

    /// Looks at what has come, without waiting: whether the head of a final answer is among it.
    mutating func mayAnswer(interim: (ReceivedResponse) -> Void) throws -> Bool {
        for _ in 0..<HTTPClientLimits.readsPerLookMax {
            if try hasHead(interim) { return true }
            guard try receiveNow() else { break }
        }
        return try hasHead(interim)
    }

    /// Waits for the head of a proxy's answer to CONNECT. Nothing may follow a success: the server does not speak
    /// first.
    mutating func readTunnelHead() async throws -> ReceivedResponse {
        let head = try await readHead({ _ in })
        if (200...299).contains(head.status.code), !input.isEmpty { throw HTTPParseError.badRequestLine }
        hasBegun = false
        return head
    }

    /// Waits for the final answer and its content.
    ///
    /// - Parameter url: who is asked.
    mutating func read(
        answering method: Method, from url: HTTPURL, lacksOriginFields: Bool, interim: (ReceivedResponse) -> Void
    ) async throws -> Answer {
        let head = try await readHead(interim)
        var content: [UInt8] = []
        var isWhole = true
        switch try head.framing(answering: method) {
        case BodyFraming.none?: break
        case .length(let length)?: isWhole = try await take(Int(clamping: length), into: &content)
        case .chunked?: isWhole = try await takeChunks(into: &content)
        case nil:
            isWhole = try await takeUntilEnd(into: &content)
            isAtEnd = true
        }
        if !head.keepsAlive { isAtEnd = true }
        // Bytes that nobody asked for would be taken for the next answer.
        if !input.isEmpty { isAtEnd = true }
        hasBegun = false
        interimCount = 0
        return Answer(
            url: url, status: head.status, reason: head.reason, fields: head.fields, content: content,
            isCut: !isWhole, lacksOriginFields: lacksOriginFields)
    }

    private mutating func readHead(_ interim: (ReceivedResponse) -> Void) async throws -> ReceivedResponse {
        while true {
            if try hasHead(interim), let found = head.take() { return found }
            try await receive()
        }
    }

    /// Answers false, as those below do, where there is more content than is kept.
    private mutating func take(_ length: Int, into content: inout [UInt8]) async throws -> Bool {
        guard length <= HTTPClientLimits.answerBytes else {
            isAtEnd = true
            return false
        }
        while input.count < length { try await receive() }
        content = Array(input[..<length])
        input.removeFirst(length)
        return true
    }

    private mutating func takeUntilEnd(into content: inout [UInt8]) async throws -> Bool {
        while content.count <= HTTPClientLimits.answerBytes {
            content += input
            input = []
            guard try await receiveUnlessEnded() else { return content.count <= HTTPClientLimits.answerBytes }
        }
        return false
    }

    private mutating func takeChunks(into content: inout [UInt8]) async throws -> Bool {
        var decoder = ChunkedDecoder()
        var position = 0
        while content.count <= HTTPClientLimits.answerBytes {
            let step = try decoder.next(input.span, from: position)
            position = step.next
            switch step.event {
            case .data(let range): content += input[range]
            case .end:
                input.removeFirst(position)
                return true
            case .needsMore:
                input = []
                position = 0
                try await receive()
            }
        }
        isAtEnd = true
        return false
    }

    private mutating func hasHead(_ interim: (ReceivedResponse) -> Void) throws -> Bool {
        while head == nil, !input.isEmpty {
            let bytes = input
            let count = try parser.consume(bytes.span)
            input = Array(bytes[count...])
            guard let response = parser.takeResponse() else { break }
            guard response.status.isInformational else {
                head = response
                break
            }
            interimCount += 1
            // 101 would turn the connection into something else, which was not asked for.
            guard response.status.code != 101, interimCount <= HTTPClientLimits.interimAnswersMax else {
                throw HTTPParseError.badRequestLine
            }
            interim(response)
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
        hasBegun = true
        input += UnsafeRawBufferPointer(start: memory.memory, count: count)
    }
}
