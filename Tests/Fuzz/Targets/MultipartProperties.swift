import HTTP

/// Forms. The boundary is that of the first line, where it may be one.
enum MultipartProperties {
    static func check(_ input: [UInt8]) {
        let boundary = boundary(of: input)
        let whole = MultipartReading(input, boundary)
        var splits = Splits(input)
        for cuts in splits.cuts() {
            require(MultipartReading(input, boundary, cuts: cuts) == whole, "a form does not depend on the split")
        }
        require(whole.parts.count <= HTTPLimits.partCountMax, "few parts")
        require(whole.parts.reduce(0) { $0 + $1.content.count } <= input.count, "no content comes from nowhere")
        require(whole.parts.dropLast().allSatisfy(\.isWhole), "only the last part may be cut off")
        if whole.isFinished, whole.error == nil {
            require(whole.parts.allSatisfy(\.isWhole), "the parts of a whole form are whole")
            require(simply(input, boundary) == whole.parts.map(\.content), "parts are what stands between delimiters")
        }
        checkRoundTrip(input, boundary, &splits)
    }

    private static func boundary(of input: [UInt8]) -> [UInt8] {
        let line = input.prefix { $0 != 13 }
        let text = String(decoding: line.dropFirst(2), as: UTF8.self)
        guard line.starts(with: [45, 45]), let type = MediaType("multipart/form-data; boundary=\"\(text)\""),
            let boundary = MultipartParser.boundary(of: type)
        else { return Array("b".utf8) }
        return boundary
    }

    /// The contents of a good form, found in the most simple-minded way there is.
    private static func simply(_ input: [UInt8], _ boundary: [UInt8]) -> [[UInt8]] {
        let bytes = [13, 10] + input
        var (contents, position) = ([[UInt8]](), 0)
        var contentStart: Int?
        while let (start, end, isLast) = delimiter(bytes, boundary, from: position) {
            if let contentStart { contents.append(Array(bytes[contentStart..<start])) }
            if isLast { return contents }
            // The head's lines, up to the empty one.
            var line = end
            while let feed = bytes[line...].firstIndex(of: 10), feed > line + 1 { line = feed + 1 }
            contentStart = line + 2
            position = line + 2
        }
        fatalError("a whole form has a last delimiter")
    }

    private static func delimiter(
        _ bytes: [UInt8], _ boundary: [UInt8], from start: Int
    ) -> (start: Int, end: Int, isLast: Bool)? {
        let delimiter = [13, 10, 45, 45] + boundary
        for index in bytes.indices.dropFirst(start) where bytes[index] == 13 && bytes[index...].starts(with: delimiter)
        {
            let rest = bytes[(index + delimiter.count)...]
            if rest.starts(with: [45, 45]) { return (index, rest.startIndex + 2, true) }
            let padding = rest.prefix { $0 == 32 || $0 == 9 }
            if padding.count <= HTTPLimits.boundaryPaddingBytesMax,
                rest.dropFirst(padding.count).starts(with: [13, 10])
            {
                return (index, padding.endIndex + 2, false)
            }
        }
        return nil
    }

    /// Any content that holds no delimiter comes out as it went in.
    private static func checkRoundTrip(_ content: [UInt8], _ boundary: [UInt8], _ splits: inout Splits) {
        guard delimiter(content + Array("\r\n--x\r\n--".utf8), boundary, from: 0) == nil else { return }
        let head = Array("Content-Disposition: form-data; name=\"n\"; filename=\"f\"\r\n\r\n".utf8)
        let open = Array("--".utf8) + boundary
        let bytes = open + [13, 10] + head + content + [13, 10] + open + [45, 45]
        let reading = MultipartReading(bytes, boundary, cuts: splits.some(3).map { min($0 * 2, bytes.count) })
        let part = MultipartReading.Part(name: "n", filename: "f", fieldCount: 1, content: content, isWhole: true)
        require(reading.isFinished && reading.parts == [part], "content survives the form: \(reading)")
    }
}

/// What a `MultipartParser` made of some bytes, in a form that can be compared.
struct MultipartReading: Equatable {
    struct Part: Equatable {
        let name: String?
        let filename: String?
        let fieldCount: Int
        var content: [UInt8] = []
        var isWhole = false
    }

    private(set) var parts: [Part] = []
    private(set) var isFinished = false
    private(set) var error: MultipartError?

    /// Feeds the bytes in pieces that end at `cuts`.
    init(_ bytes: [UInt8], _ boundary: [UInt8], cuts: [Int] = []) {
        var parser = MultipartParser(boundary: boundary)
        var start = 0
        do {
            for end in cuts + [bytes.count] {
                try read(&parser, Array(bytes[start..<end]), holdable: boundary.count + 4 + 66)
                start = end
            }
            require(parser.isFinished == isFinished, "a parser knows its end")
        } catch {
            self.error = error
            isFinished = false
        }
    }

    private mutating func read(
        _ parser: inout MultipartParser, _ input: [UInt8], holdable: Int
    ) throws(MultipartError) {
        var position = 0
        while true {
            let (event, next) = try parser.next(input.span, from: position)
            require(next >= position && next <= input.count, "a parser goes forward")
            switch event {
            case .needsMore:
                require(next == input.count, "all input is used up")
                return
            case .part(let head):
                require(parts.last?.isWhole ?? true, "one part at a time")
                parts.append(Part(name: head.name, filename: head.filename, fieldCount: head.fields.count))
            case .data(let range):
                require(!range.isEmpty && range.lowerBound >= position && range.upperBound <= next, "content is new")
                add(input[range])
            case .held(let bytes):
                require(!bytes.isEmpty && bytes.count <= holdable, "little is held back")
                add(bytes[...])
            case .partEnd:
                require(parts.last?.isWhole == false, "a part ends once")
                parts[parts.count - 1].isWhole = true
            case .end:
                require(!isFinished && parts.last?.isWhole ?? true, "a form ends once")
                isFinished = true
            }
            position = next
        }
    }

    private mutating func add(_ content: ArraySlice<UInt8>) {
        require(parts.last?.isWhole == false, "content belongs to a part")
        parts[parts.count - 1].content += content
    }
}
