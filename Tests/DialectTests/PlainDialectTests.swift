import HTTP
import PlainDialect
import TestSupport
import Testing
import Uploads

@Suite struct PlainDialectTests {
    private func upload(_ fields: [String], pathName: String? = nil) throws -> PlainRequest {
        try PlainRequest(
            parsedHead("PUT /files/x", fields), contentType: nil, pathName: pathName, sizeMax: 1000,
            foreign: [FieldName("Upload-Offset")])
    }

    @Test func `the path names the file, else Content-Disposition, else nobody`() throws {
        let disposition = "Content-Disposition: attachment; filename=\"b.txt\""
        #expect(try upload(["Content-Length: 1", disposition], pathName: "a.txt").name.description == "a.txt")
        #expect(try upload(["Content-Length: 1", disposition]).name.description == "b.txt")
        #expect(try upload(["Content-Length: 1"]).name == .fallback)
    }

    @Test func `a partial PUT is never taken for the whole file`() {
        #expect(
            refusal { try upload(["Content-Length: 5", "Content-Range: bytes 0-4/10"]) }?
                .status
                == .badRequest)
    }

    @Test func `a file past the bound is refused before its first byte`() {
        #expect(refusal { try upload(["Content-Length: 1001"]) }?.status == .contentTooLarge)
    }

    @Test func `the JSON of a created file survives a hostile name`() {
        let file = StoredFile(location: "/files/1", name: CleanName(#"a"b\c</script>.txt"#), size: 3)
        let (head, body) = CreatedAnswer.file(file)
        #expect(head.status == .created)
        #expect(body == #"{"location":"/files/1","name":"a\"b_c<_script>.txt","size":3}"# + "\n")
        #expect(!CreatedAnswer.form([file], wantsPage: true).body.contains("<_script>"))
    }

    // MARK: Downloads

    private let file = FinishedFile(
        name: CleanName("a.txt"), length: 10, finishedNanoseconds: 784_111_777_000_000_005)
    private let id = UploadID(high: 0, low: 1)

    private func download(
        _ fields: [String], method: String = "GET", dialect: DialectName = .plain, isBeingReplaced: Bool = false,
        nowSeconds: Int64 = 784_111_800
    ) throws -> Download {
        let upload = Upload(
            id: id, dialect: dialect, length: 10, name: file.name, contentType: "text/html; x=y", createdSeconds: 0)
        return try Download(
            parsedHead("\(method) /files/1", fields), upload, file: file, isBeingReplaced: isBeingReplaced,
            nowSeconds: nowSeconds)
    }

    @Test func `a finished file is told as an attachment that no browser interprets`() throws {
        guard case .whole(let head) = try download([]) else { return #expect(Bool(false)) }
        var bytes: [UInt8] = []
        head.write(into: &bytes, date: nil)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("Content-Disposition: attachment"))
        #expect(text.contains("X-Content-Type-Options: nosniff"))
        #expect(text.contains("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"))
    }

    @Test func `no file was changed after the answer that says so`() throws {
        for (now, isTold) in [(Int64(784_111_777), true), (784_111_776, false)] {
            guard case .whole(let head) = try download([], nowSeconds: now) else { return #expect(Bool(false)) }
            var bytes: [UInt8] = []
            head.write(into: &bytes, date: nil)
            #expect(String(decoding: bytes, as: UTF8.self).contains("Last-Modified: ") == isTold)
        }
    }

    @Test(arguments: [("bytes=0-3", Int64(0)...3), ("bytes=4-", 4...9), ("bytes=-2", 8...9), ("bytes=8-99", 8...9)])
    func `a range is told exactly`(field: String, range: ClosedRange<Int64>) throws {
        guard case .range(_, let told) = try download(["Range: \(field)"]) else { return #expect(Bool(false)) }
        #expect(told == range)
    }

    @Test func `a range past the end is 416 with the length`() {
        let refusal = refusal { try download(["Range: bytes=10-"]) }
        #expect(refusal?.status == .rangeNotSatisfiable)
        #expect(refusal?.fields.first?.value == "bytes */10")
    }

    @Test func `a known ETag is not sent again, and an unknown If-Range gets the whole file`() throws {
        let tag = "\"\(id)-10-\(String(file.finishedNanoseconds, radix: 36))\""
        guard case .notModified = try download(["If-None-Match: \(tag)"]) else { return #expect(Bool(false)) }
        guard case .range = try download(["Range: bytes=0-1", "If-Range: \(tag)"]) else { return #expect(Bool(false)) }
        guard case .whole = try download(["Range: bytes=0-1", "If-Range: \"other\""]) else {
            return #expect(Bool(false))
        }
    }

    @Test func `a file that may be another one by now is sent whole, and not under the older one's tag or date`() throws
    {
        let tag = "\"\(id)-10-\(String(file.finishedNanoseconds, radix: 36))\""
        let requests = [
            [], ["If-None-Match: \(tag)"], ["Range: bytes=0-1", "If-Range: \(tag)"], ["Range: bytes=0-1"],
            ["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"],
        ]
        for fields in requests {
            guard case .whole(let head) = try download(fields, isBeingReplaced: true) else {
                Issue.record("\(fields)")
                continue
            }
            var bytes: [UInt8] = []
            head.write(into: &bytes, date: nil)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.contains("ETag") && !text.contains("Last-Modified"))
        }
        let refusal = refusal {
            try download(["If-Match: \(tag)"], isBeingReplaced: true)
        }
        #expect(refusal?.status == .preconditionFailed && refusal?.fields.isEmpty == true)
    }
}
