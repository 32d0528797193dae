internal import HTTP
internal import HTTP2
internal import LinuxSystem
internal import Reactor
internal import Wire

/// One stream of a connection of HTTP/2: a request, its body, its answer. Confined to its connection's loop.
///
/// It has a task of its own, which sleeps on a watch of its own, without a descriptor; so what interrupts a request
/// (a newer one, a deadline, a stop) interrupts this one and no other.
final class HTTP2Stream: Parked, RequestBody {
    let id: Int32
    let connection: HTTP2Connection
    let head: Result<RequestHead, HTTPParseError>
    /// Bytes of the head, which are there as long as the stream is.
    let headBytes: Int
    /// Its place among the connections that may be open; the first stream has its connection's.
    private let slot: ConnectionSlot?
    /// Set when the task begins.
    private var ownWatch: Watch?
    /// What the client may send ahead.
    var window: ReceiveWindow
    /// Whether a rate slows the body down, …
    var isSlowed = false
    /// … and what its window can come to then, beyond what every stream begins with.
    var slowedBytes = 0
    /// Bytes that wait here and that the connection's window has back already.
    var bytesAhead = 0
    var pace: BodyPace

    // The body.
    let length: Int64?
    var received: Int64 = 0
    private(set) var trailers: FieldSection?
    var owesContinue: Bool
    /// Bytes that have come and wait for the task, …
    var queue = ReadAhead()
    /// … and memory that it has lent for more, with what has come into it, …
    var lentMemory: UnsafeMutableRawPointer?
    var lentRoom = 0
    var lentCount = 0
    /// … of which so many bytes are new in the read that is under way.
    private var freshBytes = 0
    /// Whether the connection has it on its list of those for which something has come.
    var isTouched = false
    var isEnded: Bool
    var malformation: HTTPParseError?
    /// The client has gone in the middle.
    var isCut = false
    private var isDropped = false

    // The answer.
    var content: [UInt8] = []
    var contentStart = 0
    /// What `sendSome` offers at the moment.
    var offered: (memory: UnsafeRawPointer, count: Int)?
    /// Bytes of content that `sendSome` is still to bring.
    var owed: Int64 = 0
    /// The session has asked for content and there was none.
    var isAsked = false
    var isAnswered = false
    var isAnswerBegun = false
    var isAborted = false
    var keepsBuffers = false
    /// Nothing goes either way any more.
    private(set) var isClosed = false

    init(
        _ id: Int32, _ head: Result<RequestHead, HTTPParseError>, isWhole: Bool, on connection: HTTP2Connection,
        slot: consuming ConnectionSlot?
    ) {
        self.id = id
        self.head = head
        headBytes = HTTP2Stream.bytes(of: head)
        self.connection = connection
        self.slot = slot
        let server = connection.context.server
        pace = BodyPace(server)
        window = ReceiveWindow(
            size: HTTP2Limits.streamWindowBytes,
            most: min(
                HTTP2Limits.streamWindowBytesMax,
                server.configuration.bufferMemoryBytes / ServerLimits.streamWindowShareOfMemory))
        isEnded = isWhole
        let known = try? head.get()
        switch known?.framing {
        case .length(let count): length = count
        case .chunked: length = nil
        case nil, .some(.none): length = 0
        }
        owesContinue = known?.expectsContinue ?? false
    }

    /// Bytes of a head's names and values.
    static func bytes(of head: Result<RequestHead, HTTPParseError>) -> Int { (try? head.get())?.fields.byteCount ?? 0 }

    // MARK: The task

    /// Gives the stream its task.
    func begin(on loop: isolated EventLoop) {
        let watch = loop.watch()
        ownWatch = watch
        watch.park(self)
    }

    func resume(on loop: isolated EventLoop) async {
        if !isDeserted { await serve() }
        drop()
        loop.end(watch)
        connection.finished(self)
    }

    private func serve() async {
        switch head {
        case .success(let head):
            let exchange = Exchange(head, self, on: self, of: connection.context, watch: watch)
            pace = BodyPace(exchange.server)
            await Dispatch.handle(exchange)
            _ = await exchange.conclude()
        case .failure(let error): await refuse(error)
        }
    }

    /// Whether nobody is there to be answered, and nothing of a body to be kept.
    var isDeserted: Bool { isClosed && queue.isEmpty }

    /// In place of all that: nobody wants to know any more.
    func forgo() {
        drop()
        connection.finished(self)
    }

    var watch: Watch { ownWatch! }

    /// Answers a head that is no request.
    private func refuse(_ error: HTTPParseError) async {
        let (head, body) = connection.context.answer(toUnread: Refusal(error))
        watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.responseNanoseconds)
        do throws(TransportError) {
            _ = try await send(head, content: body, followed: 0)
            _ = await conclude(self, closes: true)
        } catch {
            abandon()
        }
    }

    /// Nobody reads the body any more: what comes must not keep the connection from reading what else is said, how much
    /// of the answer may be sent above all.
    func dropBody() {
        isDropped = true
        connection.dropped(queue.count, ahead: takeAhead(queue.count))
        queue.clear()
    }

    /// What was not taken never will be.
    private func drop() {
        dropBody()
        if keepsBuffers { connection.keepBuffers(false) }
    }

    // MARK: The connection's side

    /// Whether bytes that come are of use: there is a task, or will be one, that may take them.
    var isListening: Bool { !isEnded && !isCut && !isDropped }

    /// Whether content of it has come, or an answer has begun.
    var hasBrought: Bool { received > 0 || lentCount > 0 || !queue.isEmpty || isAnswerBegun }

    /// Whether more may come than the client may send already.
    var needsRoom: Bool { !isClosed && !isEnded && rest > window.size }

    /// Bytes that the body may still bring.
    private var rest: Int64 { (length ?? .max) - received - Int64(lentCount) }

    /// Takes bytes that have come: into the memory that the task has lent, as far as they fit. Answers how many have to
    /// wait here.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        var direct = 0
        if queue.isEmpty, let lentMemory {
            direct = min(lentRoom - lentCount, bytes.count)
            if direct > 0 {
                // They may have been read to where they belong, or a few frames' heads behind that.
                let place = lentMemory + lentCount
                if place != bytes.baseAddress! { place.copyMemory(from: bytes.baseAddress!, byteCount: direct) }
                lentCount += direct
                freshBytes += direct
            }
        }
        if direct < bytes.count {
            // Frames are small: what comes in one read is gathered without growing step by step. Not so for drops.
            if queue.isEmpty, length != nil, bytes.count >= ServerLimits.floodFrameBytes {
                queue.reserve(Int(min(rest, Int64(ServerLimits.heldBytesAlone))))
            }
            queue.append(UnsafeRawBufferPointer(rebasing: bytes[direct...]))
        }
        return bytes.count - direct
    }

    /// Lent memory that nothing has come into yet; nil where there is none.
    var lentSpace: UnsafeMutableRawBufferPointer? {
        guard let lentMemory, lentCount < lentRoom else { return nil }
        return UnsafeMutableRawBufferPointer(start: lentMemory + lentCount, count: lentRoom - lentCount)
    }

    /// The body is whole.
    func end(_ trailers: Result<FieldSection, HTTPParseError>) {
        isEnded = true
        switch trailers {
        case .success(let fields): self.trailers = fields.isEmpty ? nil : fields
        case .failure(let error): malformation = error
        }
    }

    /// A read has brought something: gives back what went straight to where the task wants it, and wakes the task,
    /// unless that waits for more of the same.
    func arrived() {
        isTouched = false
        if freshBytes > 0 {
            connection.took(self, freshBytes, wereHeld: false)
            freshBytes = 0
        }
        // Who has lent memory waits until it is full, or for as long as it likes.
        if lentSpace != nil, !isEnded { return }
        connection.hasWoken = true
        ownWatch?.wake()
    }

    /// What waits here is in the way of others: who waits for a rate takes it nevertheless.
    func press() {
        if isSlowed, !queue.isEmpty { ownWatch?.wake() }
    }

    /// The client sends nothing more.
    func cut() {
        isCut = true
        ownWatch?.wake()
    }

    /// The connection is broken.
    func lost() {
        isClosed = true
        cut()
    }

    /// The stream has ended, in good order or not.
    func closed(_ code: ErrorCode) {
        isClosed = true
        ownWatch?.wake()
    }

    /// The answer has been handed over to its last byte.
    func wasAnswered() {
        isAnswered = true
        ownWatch?.wake()
    }

    /// Moves content of the answer to where the session sends it from.
    func content(into memory: UnsafeMutableRawPointer, count: Int) -> AnswerContent {
        if contentStart < content.count {
            let moved = min(count, content.count - contentStart)
            content.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress! + contentStart, byteCount: moved) }
            contentStart += moved
            return .bytes(moved, isLast: contentStart == content.count && owed == 0)
        }
        guard let piece = offered, piece.count > 0 else {
            isAsked = true
            ownWatch?.wake()
            return .later
        }
        let moved = min(count, piece.count)
        memory.copyMemory(from: piece.memory, byteCount: moved)
        offered = (piece.memory + moved, piece.count - moved)
        owed -= Int64(moved)
        return .bytes(moved, isLast: owed == 0)
    }
}
