import Storage
import Testing
import Uploads

@testable import Delivery

@Suite struct KeyTemplateTests {
    private static func event(owner: String?, name: String = "a.txt") -> UploadEvent {
        UploadEvent(
            sequence: 1, kind: .finished, milliseconds: 1_769_903_999_999, upload: UploadID(high: 1, low: 2),
            dialect: .plain, owner: owner.flatMap { Owner($0) }, name: CleanName(name), contentType: nil, metadata: nil,
            length: 1, offset: 1, hasFile: true, concatenation: nil, createdSeconds: 0)
    }

    private static let id = "00000000000000010000000000000002"

    @Test func `a key is what its template says`() throws {
        let template = try KeyTemplate("up/{owner}/{yyyy}-{mm}-{dd}/{id}/{name}")
        let event = KeyTemplateTests.event(owner: "alice", name: "ü 1.txt")
        #expect(template.key(event) == "up/alice/2026-01-31/\(KeyTemplateTests.id)/ü 1.txt")
        #expect(try KeyTemplate("{yyyy}{mm}{id}").key(event) == "202601\(KeyTemplateTests.id)")
    }

    @Test(
        arguments: [
            (nil, "_"), ("_", "%5F"), ("..", "%2E%2E"), (".", "%2E"), (".a.b", "%2Ea.b"), ("a/../b", "a%2F..%2Fb"),
            ("a%2Fb", "a%252Fb"), ("a\\b", "a%5Cb"), ("bob@example.org", "bob@example.org"), ("ü", "ü"),
        ] as [(String?, String)])
    func `an owner's name is one segment, and no other owner's`(owner: String?, segment: String) throws {
        let key = try KeyTemplate("x/{owner}/{id}").key(KeyTemplateTests.event(owner: owner))
        #expect(key == "x/\(segment)/\(KeyTemplateTests.id)")
    }

    @Test func `whatever is filled in, a key fits a bucket's bound`() throws {
        let literal = String(repeating: "l", count: DeliveryLimits.templateBytesMax - 20)
        let template = try KeyTemplate("\(literal)/{owner}/{id}/{name}")
        for owner in [String(repeating: "/", count: 255), String(repeating: "o", count: 255)] {
            let key = template.key(KeyTemplateTests.event(owner: owner, name: String(repeating: "n", count: 300)))
            #expect(key.utf8.count <= 1024)
        }
        let one = template.key(KeyTemplateTests.event(owner: String(repeating: "/", count: 255)))
        let other = template.key(KeyTemplateTests.event(owner: String(repeating: "/", count: 254)))
        #expect(one != other)
    }

    @Test(arguments: [
        "", "{name}", "{owner}/{name}", "{id}/{id}", "{id}/{user}", "{id", "id}", "/{id}", "{id}/", "a//{id}",
        "../{id}", "a/./{id}", "{id}/..", "a\\{id}", "a\n{id}", "{id}}", "{{id}}",
        String(repeating: "a", count: 253) + "{id}",
    ])
    func `what leads out of its place, or may meet another file, is no template`(text: String) {
        #expect(throws: TemplateFault.self) { try KeyTemplate(text) }
    }
}
