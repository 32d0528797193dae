import HTTP
import Uploads

/// What a server sends on a connection, taken apart; stops the fuzzer where it is not well-formed.
struct ReceivedAnswers {
    private enum State {
        case head
        case body(Int64)
        case chunks(ChunkedDecoder)
        case over
    }

    private var parser = ResponseParser()
    private var state = State.head
    private var headBytes = 0
    /// The status of the answer whose content is coming.
    private var status = 0
    private var closes = false
    private var toldIDs: [String] = []
    /// Of the final answers whose content is complete.
    private(set) var statuses: [Int] = []

    /// No answer has begun and not ended.
    var isWhole: Bool {
        switch state {
        case .head: headBytes == 0
        case .over: true
        case .body, .chunks: false
        }
    }

    /// The ids in the addresses told since the last call.
    mutating func takeToldIDs() -> [String] {
        defer { toldIDs = [] }
        return toldIDs
    }

    /// - Parameter method: of the request with this number, from 0.
    mutating func add(_ bytes: [UInt8], method: (Int) -> Method) {
        var position = 0
        while position < bytes.count {
            switch state {
            case .head: position += head(bytes, position, method(statuses.count))
            case .body(let left):
                let count = min(Int64(bytes.count - position), left)
                position += Int(count)
                endBody(left == count, .body(left - count))
            case .chunks(var decoder):
                do throws(HTTPParseError) {
                    position = try decoder.next(bytes.span, from: position).next
                } catch {
                    fatalError("a chunked answer is well-formed: \(error)")
                }
                endBody(decoder.isFinished, .chunks(decoder))
            case .over: fatalError("nothing follows the last answer: \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    private mutating func head(_ bytes: [UInt8], _ start: Int, _ method: Method) -> Int {
        do throws(HTTPParseError) {
            let eaten = try parser.consume(bytes.span.extracting(start..<bytes.count))
            headBytes += eaten
            guard let response = parser.takeResponse() else { return eaten }
            headBytes = 0
            note(response)
            guard response.status.code >= 200 else {
                require([100, 104].contains(response.status.code), "an interim answer is one of two")
                return eaten
            }
            check(response)
            status = response.status.code
            closes = !response.keepsAlive
            switch try response.framing(answering: method) {
            case .some(.none), .length(0): endBody(true, .head)
            case .length(let length): state = .body(length)
            case .chunked: state = .chunks(ChunkedDecoder())
            case nil: fatalError("an answer has an end of its own: \(response)")
            }
            return eaten
        } catch {
            fatalError("an answer is well-formed: \(error) in \(String(decoding: bytes[start...], as: UTF8.self))")
        }
    }

    private mutating func endBody(_ isEnd: Bool, _ other: State) {
        state = isEnd ? (closes ? .over : .head) : other
        if isEnd { statuses.append(status) }
    }

    private mutating func note(_ response: ReceivedResponse) {
        guard let location = response.fields.text(FieldName("location")) else { return }
        let id = required(UploadID(location.suffix(32)), "an address ends with an id: \(location)")
        toldIDs.append(id.description)
    }

    private func check(_ response: ReceivedResponse) {
        let fields = response.fields
        require(response.status.code != 500, "no request makes the server fail")
        require(fields.count(of: FieldName("date")) == 1, "an answer has a date")
        require(fields.count(of: .xRequestID) == 1, "an answer can be found in the log")
        if response.status.code >= 400 {
            require(fields.count(of: FieldName("x-error-code")) == 1, "a refusal has a code: \(response.status.code)")
        }
        let offset = fields.decimal(FieldName("upload-offset"))
        let length = fields.decimal(FieldName("upload-length"))
        require(offset != .malformed && length != .malformed, "offset and length are numbers")
        if case (.value(let offset), .value(let length)) = (offset, length) {
            require(offset <= length, "no offset is past the length")
        }
    }
}
