import FileIDDialect
import HTTP
import TestSupport
import Testing
import Uploads

/// What the file-id dialect makes of an append, given the record.
@Suite struct FileIDAppendDecisionTests {
    static func upload(_ state: UploadState, offset: Int64, length: Int64?) -> Upload {
        Upload(
            id: UploadID(high: 1, low: 2), dialect: .fileID, state: state, offset: Offset(offset), length: length,
            name: CleanName("a.bin"), createdSeconds: 0)
    }

    static func request(start: String?, body: Int64?, size: String? = nil) throws -> FileIDAppendRequest {
        var fields = ["X-File-Id: a.bin-100-1"]
        if let start { fields.append("X-Start-Byte: \(start)") }
        if let size { fields.append("X-File-Size: \(size)") }
        fields.append(body.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked")
        return try FileIDAppendRequest(parsedHead("POST /upload", fields), sizeMax: 1000)
    }

    @Test func `an unknown id begins at byte 0`() throws {
        let decision = try FileIDAppendDecision(Self.request(start: "0", body: 100), upload: nil)
        #expect(decision == .begin(length: 100))
    }

    @Test func `a missing start byte means 0`() throws {
        #expect(try FileIDAppendDecision(Self.request(start: nil, body: 7), upload: nil) == .begin(length: 7))
    }

    @Test func `an unknown id with another start is told that nothing is there`() throws {
        let refused = refusal { try FileIDAppendDecision(Self.request(start: "5", body: 95), upload: nil) }
        #expect(refused?.status == .conflict)
        #expect(refused?.reason == "Wrong start byte")
        #expect(refused?.body == "0")
    }

    @Test func `a start equal to the count appends`() throws {
        let upload = Self.upload(.open, offset: 40, length: 100)
        let decision = try FileIDAppendDecision(Self.request(start: "40", body: 60), upload: upload)
        #expect(decision == .append(at: Offset(40), length: 100))
    }

    @Test func `a size below what is stored is refused, and the count told`() throws {
        let upload = Self.upload(.open, offset: 40, length: nil)
        for size in ["0", "10", "39"] {
            let refused = refusal {
                try FileIDAppendDecision(Self.request(start: "40", body: nil, size: size), upload: upload)
            }
            #expect(refused?.status == .conflict)
            #expect(refused?.code == "wrong-file-size")
            #expect(refused?.body == "40")
        }
        let decision = try FileIDAppendDecision(Self.request(start: "40", body: nil, size: "40"), upload: upload)
        #expect(decision == .append(at: Offset(40), length: 40))
    }

    @Test(arguments: DialectName.allCases.filter { $0 != .fileID })
    func `what another dialect has begun is neither told nor appended to, nor begun anew`(dialect: DialectName) throws {
        for state in [UploadState.open, .finished, .failed, .expired] {
            var upload = Self.upload(state, offset: 40, length: 100)
            upload.dialect = dialect
            for start in ["0", "40", "100"] {
                let refused = refusal {
                    try FileIDAppendDecision(Self.request(start: start, body: 100 - Int64(start)!), upload: upload)
                }
                #expect((refused?.status, refused?.code) == (.conflict, "wrong-dialect"))
            }
            #expect(refusal { try FileIDAnswer.digits(for: upload) }?.code == "wrong-dialect")
        }
    }

    @Test func `start 0 restarts what is open and what is finished`() throws {
        for upload in [Self.upload(.open, offset: 40, length: 100), Self.upload(.finished, offset: 100, length: 100)] {
            let decision = try FileIDAppendDecision(Self.request(start: "0", body: 100), upload: upload)
            #expect(decision == .restart(length: 100))
        }
    }

    @Test func `a client that forbids a restart is told the count instead`() throws {
        let fields = ["X-File-Id: a", "X-Start-Byte: 0", "Content-Length: 100", "X-Restart: no"]
        let request = try FileIDAppendRequest(parsedHead("POST /upload", fields), sizeMax: 1000)
        for state in [UploadState.open, .finished] {
            let upload = Self.upload(state, offset: state == .open ? 40 : 100, length: 100)
            let refused = refusal { try FileIDAppendDecision(request, upload: upload) }
            #expect(refused?.code == "wrong-start-byte")
            #expect(refused?.body == upload.offset.description)
        }
        let fresh = Self.upload(.open, offset: 0, length: 100)
        #expect(try FileIDAppendDecision(request, upload: fresh) == .append(at: .zero, length: 100))
        #expect(try FileIDAppendDecision(request, upload: nil) == .begin(length: 100))
    }

    @Test(arguments: [("39", Int64(61)), ("41", 59), ("100", 0), ("99", 1)])
    func `any other start is refused with the true count as the whole body`(start: String, body: Int64) throws {
        let upload = Self.upload(.open, offset: 40, length: 100)
        let refused = refusal { try FileIDAppendDecision(Self.request(start: start, body: body), upload: upload) }
        #expect(refused?.status == .conflict)
        #expect(refused?.reason == "Wrong start byte")
        #expect(refused?.bodyBytes == Array("40".utf8))
    }

    @Test(arguments: ["0", "40"])
    func `another file size for a known id is refused with the true count`(start: String) throws {
        let upload = Self.upload(.open, offset: 40, length: 100)
        let refused = refusal { try FileIDAppendDecision(Self.request(start: start, body: 500), upload: upload) }
        #expect(refused?.status == .conflict)
        #expect(refused?.code == "wrong-file-size")
        #expect(refused?.body == "40")
    }

    @Test func `an empty body at the end of a finished file is a success`() throws {
        let upload = Self.upload(.finished, offset: 100, length: 100)
        #expect(try FileIDAppendDecision(Self.request(start: "100", body: 0), upload: upload) == .alreadyFinished)
    }

    @Test func `a chunked body at the end of a finished file is a success where its size says that nothing is left`()
        throws
    {
        let upload = Self.upload(.finished, offset: 100, length: 100)
        #expect(
            try FileIDAppendDecision(Self.request(start: "100", body: nil, size: "100"), upload: upload)
                == .alreadyFinished)
        let refused = refusal { try FileIDAppendDecision(Self.request(start: "100", body: nil), upload: upload) }
        #expect(refused?.code == "wrong-start-byte")
    }

    @Test func `a second click on an empty file is a success`() throws {
        let upload = Self.upload(.finished, offset: 0, length: 0)
        #expect(try FileIDAppendDecision(Self.request(start: "0", body: 0), upload: upload) == .alreadyFinished)
    }

    @Test func `a whole upload that was not yet delivered takes an empty append`() throws {
        let upload = Self.upload(.open, offset: 100, length: 100)
        let decision = try FileIDAppendDecision(Self.request(start: "100", body: 0), upload: upload)
        #expect(decision == .append(at: Offset(100), length: 100))
    }

    @Test func `a failed upload is never resumed, but may begin anew`() throws {
        let upload = Self.upload(.failed, offset: 40, length: 100)
        #expect(try FileIDAppendDecision(Self.request(start: "0", body: 100), upload: upload) == .restart(length: 100))
        let refused = refusal { try FileIDAppendDecision(Self.request(start: "40", body: 60), upload: upload) }
        #expect(refused?.code == "upload-damaged")
        #expect(refusal { try FileIDAnswer.digits(for: upload) }?.status == .internalServerError)
    }

    @Test func `a chunked body takes its file's length from X-File-Size`() throws {
        #expect(
            try FileIDAppendDecision(Self.request(start: "0", body: nil, size: "100"), upload: nil)
                == .begin(length: 100))
        #expect(try FileIDAppendDecision(Self.request(start: "0", body: nil), upload: nil) == .begin(length: nil))
    }

    @Test func `X-File-Size must agree with start and body`() {
        #expect(refusal { try Self.request(start: "40", body: 60, size: "101") }?.code == "wrong-file-size")
        #expect(refusal { try Self.request(start: "40", body: 60, size: "100") } == nil)
    }

    @Test(arguments: ["NaN", "-1", "+1", "1 2", "0x10", "1e3", "99999999999999999999", ""])
    func `a start byte is one decimal number`(start: String) {
        #expect(refusal { try Self.request(start: start, body: 1) }?.status == .badRequest)
    }

    @Test func `a file past the server's bound is refused as too large`() {
        #expect(refusal { try Self.request(start: "0", body: 1001) }?.status == .contentTooLarge)
        #expect(refusal { try Self.request(start: "1000", body: 1) }?.status == .contentTooLarge)
        let size = "9223372036854775807"
        #expect(refusal { try Self.request(start: size, body: 1) }?.status == .contentTooLarge)
        #expect(refusal { try Self.request(start: "0", body: nil, size: "1001") }?.status == .contentTooLarge)
    }

    @Test func `the status of what is unknown is 0, and of what is there its count`() throws {
        #expect(try FileIDAnswer.digits(for: nil) == "0")
        #expect(try FileIDAnswer.digits(for: Self.upload(.open, offset: 40, length: 100)) == "40")
        #expect(try FileIDAnswer.digits(for: Self.upload(.finished, offset: 100, length: 100)) == "100")
    }
}
