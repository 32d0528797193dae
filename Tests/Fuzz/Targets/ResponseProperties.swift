import HTTP

/// Response heads, as a client reads them, and as the server writes them.
enum ResponseProperties {
    static func check(_ input: [UInt8]) {
        let whole = reading(input, cuts: [])
        var splits = Splits(input)
        for cuts in splits.cuts() {
            require(describe(reading(input, cuts: cuts)) == describe(whole), "a head does not depend on the split")
        }
        for response in whole.responses { checkResponse(response) }
        checkWriting(String(decoding: input, as: UTF8.self))
        checkWriting(String(String.UnicodeScalarView(input.map { Unicode.Scalar($0) })))
    }

    private typealias Reading = (responses: [ReceivedResponse], ends: [Int], error: HTTPParseError?)

    private static func reading(_ bytes: [UInt8], cuts: [Int]) -> Reading {
        var parser = ResponseParser()
        var reading: Reading = ([], [], nil)
        var position = 0
        do {
            for end in cuts + [bytes.count] {
                while position < end {
                    let eaten = try parser.consume(bytes.span.extracting(position..<end))
                    position += eaten
                    if let response = parser.takeResponse() {
                        reading.responses.append(response)
                        reading.ends.append(position)
                    } else {
                        require(position == end, "a parser eats all up to the end of a head")
                    }
                }
            }
        } catch {
            reading.error = error
        }
        return reading
    }

    private static func describe(_ reading: Reading) -> String {
        let heads = reading.responses.map { response in
            let fields = response.fields.map { "|\($0.name):\($0.value)" }.joined()
            return "\(response.status.code) \(response.reason) \(response.keepsAlive)\(fields)"
        }
        return "\(heads.joined(separator: "\n")) \(reading.ends) \(reading.error?.code ?? "-")"
    }

    private static func checkResponse(_ response: ReceivedResponse) {
        require((100...599).contains(response.status.code), "a status has three digits")
        require(response.fields.count <= HTTPLimits.fieldCountMax, "few fields")
        let head = try? response.framing(answering: .head)
        require(head == BodyFraming.none, "no content after HEAD")
        let isEmpty = response.status.code < 200 || [204, 304].contains(response.status.code)
        guard let framing = try? response.framing(answering: .get) else { return }
        switch framing {
        case .none: require(isEmpty, "content is there unless the status forbids it")
        case .length(let length): require(length >= 0 && !isEmpty, "a length is not negative")
        case .chunked: require(!isEmpty && !response.fields.contains(.contentLength), "one framing")
        }
    }

    /// Whatever a value holds, it stays within its line.
    private static func checkWriting(_ text: String) {
        var head = ResponseHead(.ok, reason: text)
        head.add(.vary, text)
        head.add(.vary, text)
        head.set("Content-Length", 5)
        var bytes: [UInt8] = []
        head.write(into: &bytes, date: HTTPDate(secondsSince1970: Int64(text.utf8.count)))
        guard bytes.count <= HTTPLimits.headBytesMax else { return }
        let read = reading(bytes, cuts: [])
        require(read.error == nil && read.ends == [bytes.count], "what is written is one head")
        let fields = read.responses[0].fields
        require(fields.map(\.name) == ["Vary", "Vary", "Content-Length", "Date"], "no field comes from a value")
        require(fields.decimal(.contentLength) == .value(5), "no value changes another one")
    }
}
