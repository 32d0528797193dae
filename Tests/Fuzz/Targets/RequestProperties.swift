import FileIDDialect
import HTTP
import PlainDialect
import Uploads

/// Request heads, one after the other, without bodies.
enum RequestProperties {
    static func check(_ input: [UInt8]) {
        let whole = RequestReading(input)
        var splits = Splits(input)
        for cuts in splits.cuts() {
            require(RequestReading(input, cuts: cuts) == whole, "a head does not depend on the split: \(whole)")
        }
        var start = 0
        for (head, end) in zip(whole.heads, whole.ends) {
            checkLines(head, Array(input[start..<end]))
            checkFraming(head)
            checkTarget(head)
            checkCanonical(head)
            checkDialects(head)
            start = end
        }
    }

    /// Reads the accepted bytes in the most simple-minded way there is.
    private static func checkLines(_ head: RequestHead, _ bytes: [UInt8]) {
        var rest = bytes[...]
        var emptyLines = 0
        while rest.starts(with: [13, 10]) {
            rest.removeFirst(2)
            emptyLines += 1
        }
        require(emptyLines <= HTTPLimits.emptyLinesMax, "few empty lines")
        require(rest.count <= HTTPLimits.headBytesMax, "a head is short")
        require(rest.suffix(4).elementsEqual([13, 10, 13, 10]), "a head ends with an empty line")
        let lines = rest.dropLast(4).split(separator: 10, omittingEmptySubsequences: false)
        require(lines.count == head.fields.count + 1, "as many fields as lines")
        require(head.fields.count <= HTTPLimits.fieldCountMax, "few fields")
        for (index, line) in lines.enumerated() {
            let text = index < lines.count - 1 ? line.dropLast() : line
            require(index == lines.count - 1 || line.last == 13, "no bare line feed")
            require(text.allSatisfy { ($0 >= 32 && $0 != 127) || $0 == 9 }, "no control byte")
            guard index > 0 else { continue }
            let name = Array(text.prefix { $0 != 58 })
            let blank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
            let value = Array(
                text.dropFirst(name.count + 1).drop(while: blank).reversed().drop(while: blank).reversed())
            let field = head.fields[index - 1]
            require(Array(field.name.utf8) == name, "a field's name is what stands before the colon")
            require(field.value == text8(value), "a field's value is what stands after it")
        }
    }

    private static func text8(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func checkFraming(_ head: RequestHead) {
        let lengths = head.fields.filter { $0.name.lowercased() == "content-length" }.map(\.value)
        let codings = head.fields.filter { $0.name.lowercased() == "transfer-encoding" }.map(\.value)
        switch head.framing {
        case .none: require(lengths.isEmpty && codings.isEmpty, "content is announced")
        case .length(let length):
            require(codings.isEmpty && lengths.count == 1 && length >= 0, "one length, no coding")
            let digits = lengths[0].drop { $0 == "0" }
            require(String(length) == (digits.isEmpty ? "0" : String(digits)), "the length is the one that was sent")
        case .chunked:
            require(lengths.isEmpty && codings.count == 1 && head.version == .http11, "one coding, no length")
            require(codings[0].lowercased() == "chunked", "chunked and nothing else")
        }
        let hosts = head.fields.filter { $0.name.lowercased() == "host" }
        require(hosts.count == 1 || (hosts.isEmpty && head.version == .http10), "one host")
        require(head.host.utf8.count <= HTTPLimits.hostBytesMax, "a host is short")
        require(head.method.description.utf8.count <= HTTPLimits.methodBytesMax, "a method is short")
        require(Method(head.method.description) == head.method, "a method is a token")
        let hasContent = head.framing != .none && head.framing != .length(0)
        require(!head.expectsContinue || (hasContent && head.version == .http11), "100 is waited for with content only")
    }

    private static func checkTarget(_ head: RequestHead) {
        let path = head.target.path
        require(path == "*" ? head.method == .options : path.hasPrefix("/"), "a path starts with a slash")
        require(!path.utf8.contains { $0 <= 32 || $0 >= 127 || $0 == 35 || $0 == 63 }, "a path is visible ASCII")
        require(path.utf8.count <= HTTPLimits.requestTargetBytesMax, "a path is short")
        guard let segments = head.target.segments else { return }
        require(!segments.contains { $0.utf8.contains(0) }, "no segment holds NUL")
        guard !segments.isEmpty else { return require(path == "/" || path == "*", "\(path) has segments") }
        let again = "/" + segments.map(PercentEncoding.segment).joined(separator: "/")
        let reading = RequestReading(Array("GET \(again) HTTP/1.0\r\n\r\n".utf8))
        guard again.utf8.count <= HTTPLimits.requestTargetBytesMax else { return }
        require(reading.heads.first?.target.segments == segments, "segments mean the same when written again")
    }

    /// Written again by what was understood of it, a head is understood the same.
    private static func checkCanonical(_ head: RequestHead) {
        let target = head.target.path + (head.target.query.map { "?\($0)" } ?? "")
        var text = "\(head.sentMethod) \(target) HTTP/1.\(head.version == .http10 ? 0 : 1)\r\n"
        for field in head.fields where field.name.lowercased() != "host" { text += "\(field.name): \(field.value)\r\n" }
        if !head.host.isEmpty || head.version == .http11 { text += "Host: \(head.host)\r\n" }
        let bytes = Array("\(text)\r\n".utf8)
        // Latin-1 grows on its way to UTF-8, and an absolute target may stand without a Host in 1.0.
        guard bytes.count <= HTTPLimits.headBytesMax, head.fields.count < HTTPLimits.fieldCountMax else { return }
        let again = RequestReading(bytes)
        require(again.heads.count == 1 && again.ends == [bytes.count], "a head is understood again: \(again)")
        let (old, new) = (head, again.heads[0])
        require(
            (old.method, old.version, old.framing, old.host) == (new.method, new.version, new.framing, new.host)
                && (old.sentMethod, old.isOverridden) == (new.sentMethod, new.isOverridden)
                && (old.keepsAlive, old.expectsContinue) == (new.keepsAlive, new.expectsContinue)
                && (old.target.path, old.target.query) == (new.target.path, new.target.query),
            "a head means the same when written again")
    }

    private static func checkDialects(_ head: RequestHead) {
        let sizeMax = Int64(1000)
        if case .file(let type)? = try? ContentKind(head.fields),
            let file = try? PlainRequest(head, contentType: type, pathName: nil, sizeMax: sizeMax, foreign: [])
        {
            require(type?.utf8.count ?? 0 <= HTTPLimits.contentTypeBytesMax, "a type within its bound")
            require(!head.isOverridden && head.framing != .none, "a whole file is meant")
            require((0...sizeMax).contains(file.length ?? 0), "a length within the bound")
            FieldProperties.checkName(file.name)
        }
        guard let append = try? FileIDAppendRequest(head, sizeMax: sizeMax) else { return }
        require((1...FileID.bytesMax).contains(append.fileID.bytes.count), "an id within its bounds")
        require(append.startByte >= 0 && append.bodyLength ?? 0 >= 0, "no number is negative")
        require((0...sizeMax).contains(append.fileLength ?? 0), "a length within the bound")
        FieldProperties.checkName(append.fileID.derivedName)
        for state in [UploadState.open, .finished, .failed, .expired] {
            let upload = Upload(
                id: UploadID(high: 1, low: 2), dialect: .fileID, state: state, offset: Offset(7), length: 9,
                name: .fallback, createdSeconds: 0)
            guard let decision = try? FileIDAppendDecision(append, upload: upload) else { continue }
            guard case .append(let offset, let length) = decision else { continue }
            require(
                state == .open && offset.bytes == append.startByte && length == 9, "an append goes on at the offset")
        }
    }
}
