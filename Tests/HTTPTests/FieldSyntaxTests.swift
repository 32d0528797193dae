import HTTP
import Testing

@Suite struct FieldSyntaxTests {
    @Test(
        arguments: [
            (nil, 10, ByteRange.full), ("bytes=0-4", 10, .satisfiable(0...4)), ("Bytes=5-", 10, .satisfiable(5...9)),
            ("bytes=-3", 10, .satisfiable(7...9)), ("bytes=-30", 10, .satisfiable(0...9)),
            ("bytes=9-99", 10, .satisfiable(9...9)), ("bytes= 1-2 ", 10, .satisfiable(1...2)),
            ("bytes=0-99999999999999999999", 10, .satisfiable(0...9)), ("bytes=10-", 10, .unsatisfiable),
            ("bytes=99999999999999999999-", 10, .unsatisfiable), ("bytes=-0", 10, .unsatisfiable),
            ("bytes=0-", 0, .unsatisfiable), ("bytes=-1", 0, .unsatisfiable), ("bytes=0-1,3-4", 10, .full),
            ("bytes=4-3", 10, .full), ("bytes=-", 10, .full), ("bytes=", 10, .full), ("bytes", 10, .full),
            ("lines=0-1", 10, .full), ("bytes=a-b", 10, .full), ("bytes=1-2-3", 10, .full), ("bytes=+1-2", 10, .full),
            ("bytes=--1", 10, .full), ("", 10, .full),
        ] as [(String?, Int64, ByteRange)])
    func `a range is resolved against the length`(field: String?, length: Int64, expected: ByteRange) {
        #expect(ByteRange(field, length: length) == expected)
    }

    @Test(
        arguments: [
            (#"form-data; name="a"; filename="b.txt""#, "form-data", "a", "b.txt"),
            (#"Form-Data;NAME=a;Filename=b.txt;"#, "form-data", "a", "b.txt"),
            (#"form-data; name="a b" ; filename="x;y=z.txt""#, "form-data", "a b", "x;y=z.txt"),
            (#"form-data; name="%22q%0D%0A%41""#, "form-data", "\"q\r\n%41", nil),
            (#"form-data; name=a; filename="100%.txt""#, "form-data", "a", "100%.txt"),
            (#"form-data; name=a; filename="C:\dir\file.txt""#, "form-data", "a", #"C:\dir\file.txt"#),
            (#"form-data; name=a; filename="say \"hi\" \\ there""#, "form-data", "a", #"say "hi" \ there"#),
            (#"form-data; name=a; filename="dir\""#, "form-data", "a", #"dir\"#),
            (#"form-data; name=a; filename="日本.txt""#, "form-data", "a", "日本.txt"),
            (#"form-data; name=a; filename="""#, "form-data", "a", ""),
            (#"form-data; name=a; filename=naïve.txt"#, "form-data", "a", "naïve.txt"),
            (#"attachment; filename="eur.txt"; filename*=UTF-8''%e2%82%ac.txt"#, "attachment", nil, "€.txt"),
            (#"attachment; filename*=iso-8859-1'en'%E9; filename=e"#, "attachment", nil, "é"),
            (#"attachment; filename*=koi8-r''%C1; filename=a"#, "attachment", nil, "a"),
            (#"attachment; filename*=UTF-8''%ff; filename=a"#, "attachment", nil, "a"),
            ("form-data; name=a; filename=\"a\u{600}.txt\"", "form-data", "a", "a\u{600}.txt"),
            ("form-data; name=\"a\u{301}\"; filename=\"\u{301}b\u{600}\"", "form-data", "a\u{301}", "\u{301}b\u{600}"),
            ("attachment; filename*=UTF-8''%CC%81'%D8%80", "attachment", nil, "\u{301}'\u{600}"),
            (#"attachment; filename*=UTF-8''%; filename=a"#, "attachment", nil, "a"),
            ("inline", "inline", nil, nil),
        ] as [(String, String, String?, String?)])
    func `a disposition is read as browsers and curl write it`(
        field: String, type: String, name: String?, filename: String?
    ) {
        let disposition = ContentDisposition(field)
        #expect(disposition?.type == type)
        #expect(disposition?.name == name)
        #expect(disposition?.filename == filename)
    }

    @Test(arguments: [
        "", ";", "form-data name=a", "form-data; name", "form-data; name=", "form-data; =a", #"form-data; name="a"#,
        "form-data; name=a; name=b", #"form-data; name="a"b"#, "form-data, x", "form-data; filename=my report.txt",
        "form-data; filename*0=a", "form-data; filename*0*=UTF-8''a", "form-data; filenames=a",
        "form-data; filename*=koi8-r''%C1", "form-data; filename*=UTF-8''%ff", "form-data; filename*=a",
    ])
    func `a malformed disposition is none`(field: String) {
        #expect(ContentDisposition(field) == nil)
    }

    @Test(arguments: [
        ("a.txt", #"attachment; filename="a.txt""#),
        ("é €.txt", #"attachment; filename="_ _.txt"; filename*=UTF-8''%C3%A9%20%E2%82%AC.txt"#),
        ("a\"\\\r\nb", #"attachment; filename="a____b"; filename*=UTF-8''a%22%5C%0D%0Ab"#),
    ])
    func `a download's name survives the way out and back`(name: String, field: String) {
        #expect(ContentDisposition.attachment(filename: name) == field)
        #expect(ContentDisposition(field)?.filename == name)
    }

    @Test func `a media type has an essence and parameters`() throws {
        let type = try #require(MediaType(#" Text/HTML ; Charset="a\"b" ;; q=1"#))
        #expect(type.essence == "text/html")
        #expect(type.parameter("charset") == "a\"b")
        #expect(type.parameter("q") == "1")
        #expect(type.parameter("x") == nil)
        for text in ["", "text", "text/", "/html", "text/html x", "text /html", "a/b; c=d; C=e"] {
            #expect(MediaType(text) == nil)
        }
    }

    @Test func `entity tags match weakly in lists and strongly for ranges`() {
        let tag = EntityTag("a,b")
        #expect(tag.description == #""a,b""#)
        #expect(EntityTag("x", isWeak: true).description == #"W/"x""#)
        for field in ["*", " * ", #""a,b""#, #"W/"a,b""#, #""x" , "a,b""#, #", "x","a,b""#] {
            #expect(tag.isListed(inIfNoneMatch: field), "\(field)")
        }
        for field in ["", #""a""#, "a,b", #""x" y "a,b""#, #""a,b"#, "**", #"w/"a,b""#] {
            #expect(!tag.isListed(inIfNoneMatch: field), "\(field)")
        }
        let date = HTTPDate(secondsSince1970: 784_111_777)
        for field in ["*", #""a,b""#, #"W/"x", "a,b""#] { #expect(tag.isListed(inIfMatch: field), "\(field)") }
        for field in ["", #"W/"a,b""#, #""a""#, #""x" y "a,b""#] {
            #expect(!tag.isListed(inIfMatch: field), "\(field)")
        }
        #expect(!EntityTag("a", isWeak: true).isListed(inIfMatch: #""a""#))
        #expect(tag.allowsRange(ifRange: #""a,b""#, lastModified: nil, now: date))
        #expect(!tag.allowsRange(ifRange: #"W/"a,b""#, lastModified: nil, now: date))
        #expect(!EntityTag("a", isWeak: true).allowsRange(ifRange: #"W/"a""#, lastModified: nil, now: date))
        #expect(tag.allowsRange(ifRange: date.description, lastModified: date, now: date))
        #expect(
            !tag.allowsRange(
                ifRange: date.description, lastModified: HTTPDate(secondsSince1970: 784_111_778), now: date))
        #expect(!tag.allowsRange(ifRange: "x", lastModified: nil, now: date))
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("GZIP", true), ("x-gzip", true), ("br, gzip;q=0.5", true),
            ("gzip;q=0", false), ("gzip; q=0.000", false), ("gzip;q=0, *", false), ("*", true), ("*;q=0", false),
            ("br", false), ("identity, *;q=0.1", true), ("gzip;q=x", false), ("gzip ; q=1", true),
            ("*;q=0, gzip", true),
        ] as [(String?, Bool)])
    func `gzip is sent only to those who take it`(field: String?, expected: Bool) {
        #expect(AcceptEncoding.allowsGzip(field) == expected)
    }

    @Test func `percent-encoding and quoting`() {
        #expect(PercentEncoding.segment("a b/ç~-._9%") == "a%20b%2F%C3%A7~-._9%25")
        #expect(PercentEncoding.extendedValue("a b'(1)*é!") == "UTF-8''a%20b%27%281%29%2A%C3%A9!")
        #expect(PercentEncoding.decode("a%20b%2f%C3%A7") == "a b/ç")
        #expect(PercentEncoding.decode("%0") == nil)
        #expect(PercentEncoding.decode("%00") == nil)
        #expect(PercentEncoding.decode("%FF") == nil)
        #expect(PercentEncoding.decode(Array("%FF+".utf8)) == [0xFF, 0x2B])
        #expect(PercentEncoding.decode(Array("%".utf8)) == nil)
        #expect(QuotedString.quote("a\"b\\c\r\nd\u{0}é") == "\"a\\\"b\\\\c  d é\"")
    }
}
