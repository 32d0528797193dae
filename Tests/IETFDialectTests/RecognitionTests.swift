import HTTP
import IETFDialect
import Testing

/// Which requests are of this dialect.
@Suite struct RecognitionTests {
    private func kind(_ line: String, _ fields: [String], upload: Bool = false) throws -> IETFRequest? {
        try IETFRequest(request(line, fields), isUploadResource: upload)
    }

    @Test(arguments: ["POST /files", "PUT /files/a.txt", "PATCH /files", "QUERY /files"])
    func `requirement 1: any method with content and a valid completeness field is a creation`(line: String) throws {
        #expect(try kind(line, ["Upload-Complete: ?1", "Content-Length: 5"]) == .creation)
        #expect(try kind(line, ["Upload-Complete: ?0"]) == .creation)
        #expect(try kind(line, ["Content-Length: 5"]) == nil)
    }

    @Test(arguments: ["1", "true", "?2", "?1, ?1", "\"?1\"", "?", ""])
    func `requirement 1: an invalid completeness field leaves an ordinary upload`(value: String) throws {
        #expect(try kind("POST /files", ["Upload-Complete: \(value)"]) == nil)
        #expect(try kind("POST /files", ["Upload-Draft-Interop-Version: 3", "Upload-Incomplete: \(value)"]) == nil)
    }

    @Test func `a field sent twice is a list and no item`() throws {
        #expect(try kind("POST /files", ["Upload-Complete: ?1", "Upload-Complete: ?1"]) == nil)
    }

    @Test func `parameters of a field mean nothing`() throws {
        #expect(try kind("POST /files", ["Upload-Complete: ?1;a=1;b"]) == .creation)
    }

    @Test(arguments: [
        (["Upload-Draft-Interop-Version: 3", "Upload-Incomplete: ?0"], true),
        (["Upload-Draft-Interop-Version: 3", "Upload-Complete: ?1"], false),
        (["Upload-Draft-Interop-Version: 6", "Upload-Incomplete: ?0"], false),
        (["Upload-Draft-Interop-Version: 6", "Upload-Complete: ?1"], true),
        (["Upload-Draft-Interop-Version: 11", "Upload-Complete: ?1"], true),
        (["Upload-Draft-Interop-Version: 6"], false),
    ])
    func `table 3.5, completeness field: each version has its own`(fields: [String], isCreation: Bool) throws {
        #expect(try kind("POST /files", fields) == (isCreation ? .creation : nil))
    }

    @Test func `a multipart body with the field is an upload of its bytes`() throws {
        let form = "Content-Type: multipart/form-data; boundary=x"
        #expect(try kind("POST /upload", ["Upload-Complete: ?0", "Content-Length: 5", form]) == .creation)
    }

    @Test(arguments: ["Tus-Resumable: 1.0.0", "X-File-Id: a-1-2"])
    func `requests of other protocols are not taken over for what Apple adds to them`(field: String) throws {
        let apple = ["Upload-Draft-Interop-Version: 6", "Upload-Complete: ?1", "Content-Length: 5"]
        #expect(try kind("POST /upload", apple) == .creation)
        #expect(try kind("POST /upload", apple + [field]) == nil)
    }

    @Test func `a tus append by an Apple upload task stays a tus append`() throws {
        let fields = [
            "Tus-Resumable: 1.0.0", "Upload-Offset: 0", "Content-Type: application/offset+octet-stream",
            "Upload-Draft-Interop-Version: 6", "Upload-Complete: ?1",
        ]
        #expect(try kind("PATCH \(location)", fields, upload: true) == nil)
    }

    @Test(arguments: [
        ["Content-Type: application/partial-upload"], ["Upload-Draft-Interop-Version: 3"],
        ["Upload-Draft-Interop-Version: 99"], ["Upload-Complete: ?1"],
    ])
    func `a PATCH on an upload with any mark of this dialect is an append`(fields: [String]) throws {
        #expect(try kind("PATCH \(location)", fields, upload: true) == .append)
    }

    @Test func `a PATCH on an upload without a mark is somebody else's`() throws {
        let fields = ["Content-Type: application/offset+octet-stream", "Upload-Offset: 0"]
        #expect(try kind("PATCH \(location)", fields, upload: true) == nil)
    }

    @Test func `HEAD, GET and DELETE on an upload need no mark`() throws {
        #expect(try kind("HEAD \(location)", [], upload: true) == .retrieval)
        #expect(try kind("GET \(location)", [], upload: true) == .retrieval)
        #expect(try kind("DELETE \(location)", [], upload: true) == .cancellation)
        #expect(try kind("HEAD \(location)", ["Tus-Resumable: 1.0.0"], upload: true) == nil)
        #expect(try kind("GET /", ["Upload-Complete: ?1"]) == nil)
        #expect(try kind("OPTIONS /files", ["Upload-Complete: ?1"]) == nil)
    }
}
