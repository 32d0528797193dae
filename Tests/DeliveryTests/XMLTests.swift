import Testing

@testable import Delivery

@Suite struct XMLTests {
    @Test func `what buckets answer is read`() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>\n   <ListParts xmlns="http://s3.example/doc/2006/">
            <IsTruncated>false</IsTruncated><Empty/>
            <x:Part a='1' b = "2"><ETag>&quot;a&amp;b&#x22;&#38;</ETag ></x:Part>
            <Part><ETag>ü</ETag></Part></ListParts>

            """
        let root = try #require(XMLElement(document: Array(text.utf8)))
        #expect(root.name == "ListParts")
        #expect(root.text("IsTruncated") == "false")
        #expect(root.text("Empty") == "")
        #expect(root.text("Nothing") == nil)
        #expect(root.all("Part").map { $0.text("ETag") } == ["\"a&b\"&", "ü"])
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a/>text", "<a", "<a b>c</a>", "<a b=c/>", "<a b=\"<\"/>",
        "<a b=\"c/>", "<a>&nbsp;</a>", "<a>&</a>", "<a>&amp</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>",
        "<a>&#+38;</a>", "<a>&#x;</a>", "<a>&#xFFFF;</a>", "<a>\u{1}</a>", "<a><!-- c --></a>", "<!-- c --><a/>",
        "<a><![CDATA[x]]></a>", "<a><?p x?></a>", "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<?xml version=\"1.0\"><a/>", "<a>text<b/></a>", "<:a/>", "<a:/>", "<1/>", "< a/>", "<a></a",
        "<a b=\"1\"c=\"2\"/>",
    ])
    func `what is no whole document, or more than one has to say, is refused`(text: String) {
        #expect(XMLElement(document: Array(text.utf8)) == nil)
    }

    @Test func `bytes that are no text are refused`() {
        #expect(XMLElement(document: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) == nil)
    }

    @Test func `neither depth nor number grows without end`() {
        let deep = DeliveryLimits.xmlDepthMax
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)).utf8)
        }
        #expect(XMLElement(document: nested(deep)) != nil)
        #expect(XMLElement(document: nested(deep + 1)) == nil)
        func many(_ count: Int) -> [UInt8] { Array("<r>\(String(repeating: "<a/>", count: count))</r>".utf8) }
        #expect(XMLElement(document: many(DeliveryLimits.xmlElementsMax - 1)) != nil)
        #expect(XMLElement(document: many(DeliveryLimits.xmlElementsMax)) == nil)
    }

    @Test func `every beginning of a document, and every change of a byte, is read or refused and never more`() {
        let whole = Array("<?xml version=\"1.0\"?><r a=\"b\"><p><n>1</n><e>&quot;x&#38;</e></p><t/></r>".utf8)
        for count in whole.indices { #expect(XMLElement(document: Array(whole[..<count])) == nil) }
        for index in whole.indices {
            for byte in [0, 0x26, 0x2F, 0x3C, 0x3E, 0x3F, 0x3B, 0x80] as [UInt8] {
                var changed = whole
                changed[index] = byte
                let element = XMLElement(document: changed)
                #expect(element == nil || element!.children.count <= 2)
            }
        }
    }

    @Test func `what is escaped is read as it was`() throws {
        let text = "\"<&>'"
        let root = try #require(XMLElement(document: Array("<a>\(XMLElement.escaped(text))</a>".utf8)))
        #expect(root.text == text)
    }
}
