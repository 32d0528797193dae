import Testing

@testable import HTTPClient

@Suite struct JSONSentenceTests {
    @Test(arguments: [
        (#"{"title":"no"}"#, "no"), (#"{"title": "no"}"#, "no"), ("{\n  \"title\" :\r\n\t\"no\"\n}", "no"),
        (#"{"title": "say \"no\" \\ \/"}"#, #"say "no" \ /"#), (#"{"title": "a\nb\u00e9\ud83d\ude00"}"#, "a bé😀"),
        (#"{"x": "title", "title": {"title": "no"}}"#, "no"), (#"{"title": "cu"#, "cu"), (#"{"title": "a\"#, "a\\"),
        (#"{"title": "a\u00"#, "a\0"), (#"{"title": "a\uzzzz"}"#, "a\u{FFFD}"), (#"{"title": ""}"#, ""),
        (#"{"title": "é"}"#, "é"),
    ])
    func `a text is found with or without blanks, and without its escapes`(document: String, text: String) {
        #expect(JSONSentence.text(behind: "\"title\"", in: document) == text)
    }

    @Test(arguments: [
        "", "{}", #"{"title": 3}"#, #"{"title": null}"#, #"{"title"}"#, #"{"title": "#, #"{"subtitle": "no"}"#,
        #"{"title" "no"}"#, #"["title", "no"]"#,
    ])
    func `what is no text is none`(document: String) {
        #expect(JSONSentence.text(behind: "\"title\"", in: document) == nil)
    }
}
