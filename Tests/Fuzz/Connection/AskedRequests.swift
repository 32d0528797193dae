import HTTP

/// What the bytes sent on a connection ask for.
struct AskedRequests: CustomStringConvertible {
    private enum State {
        case head
        case body(Int64)
        case chunks(ChunkedDecoder)
        case broken
    }

    private var parser = RequestParser()
    private var state = State.head
    /// Of each request whose head is complete.
    private(set) var methods: [Method] = []
    /// Requests that are complete with their bodies.
    private(set) var completed = 0

    /// Where the next request begins is unknown.
    var isBroken: Bool {
        if case .broken = state { true } else { false }
    }

    /// The method of a head that is not complete, or cannot be read; GET while that is unknown. No answer to a HEAD has
    /// content, a refusal of its head neither.
    var unfinishedMethod: Method { parser.method ?? .get }

    /// A head has begun.
    var isPartial: Bool { !parser.isIdle }

    var description: String { "\(methods), \(completed) complete\(isBroken ? ", then none" : "")" }

    mutating func add(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count {
            switch state {
            case .head: position += head(bytes.span.extracting(position..<bytes.count))
            case .body(let left):
                let count = min(Int64(bytes.count - position), left)
                position += Int(count)
                endBody(left == count, .body(left - count))
            case .chunks(var decoder):
                do throws(HTTPParseError) {
                    position = try decoder.next(bytes.span, from: position).next
                    endBody(decoder.isFinished, .chunks(decoder))
                } catch {
                    state = .broken
                }
            case .broken: return
            }
        }
    }

    private mutating func head(_ bytes: Span<UInt8>) -> Int {
        do throws(HTTPParseError) {
            let eaten = try parser.consume(bytes)
            guard let head = parser.takeHead() else { return eaten }
            methods.append(head.method)
            switch head.framing {
            case .none, .length(0): endBody(true, .head)
            case .length(let length): state = .body(length)
            case .chunked: state = .chunks(ChunkedDecoder())
            }
            return eaten
        } catch {
            state = .broken
            return 0
        }
    }

    private mutating func endBody(_ isEnd: Bool, _ other: State) {
        state = isEnd ? .head : other
        if isEnd { completed += 1 }
    }
}
