import HTTP
import Testing

@testable import UploadServer

struct JoinedPageTests {
    private static let page = JoinedPage(
        document: Array(
            """
            <head>
            <link rel="stylesheet" href="one.css">
            <link rel="stylesheet" href="two.css">
            </head>
            <p>Text</p>
            <script type="module" src="words.js"></script>
            <script type="module" src="main.js"></script>

            """.utf8),
        files: [
            "one.css": Array("p { color: red; }\n".utf8),
            "two.css": Array("b { color: blue; }\n".utf8),
            "words.js": Array("export const word = 'é';\nexport function say() {}\n".utf8),
            "main.js": Array("import { word } from './words.js';\nconst exported = word;\n".utf8),
        ])

    @Test func `styles and modules stand where their first elements stood, in the order of the document`() {
        #expect(
            String(decoding: JoinedPageTests.page.text, as: UTF8.self) == """
                <head>
                <style>
                p { color: red; }
                b { color: blue; }
                </style>
                </head>
                <p>Text</p>
                <script type="module">
                const word = 'é';
                function say() {}
                const exported = word;
                </script>

                """)
    }

    @Test func `what a policy has to name is exactly what stands in the elements`() {
        #expect(
            String(decoding: JoinedPageTests.page.style, as: UTF8.self)
                == "\np { color: red; }\nb { color: blue; }\n")
        #expect(String(decoding: JoinedPageTests.page.script, as: UTF8.self).hasPrefix("\nconst word"))
        #expect(String(decoding: JoinedPageTests.page.script, as: UTF8.self).hasSuffix("= word;\n"))
    }

    @Test(arguments: [EmbeddedPage.upload(collection: "files"), .admin()])
    func `a page names nothing that the program does not hold`(page: EmbeddedPage) throws {
        var parser = RequestParser()
        _ = try parser.consume(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8).span)
        let taken = parser.takeHead()
        let request = try #require(taken)
        let (head, body) = try page.answer(request, gzip: false, now: HTTPDate(secondsSince1970: 0))
        let text = String(decoding: body, as: UTF8.self)
        #expect(head.status == .ok)
        #expect(text.utf8.count > 10_000)
        #expect(!text.contains("src=\"") && !text.contains("stylesheet"))
        #expect(!text.contains("\nimport ") && !text.contains("\nexport "))
    }
}
