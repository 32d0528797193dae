import Testing
import Uploads

@Suite struct CleanNameTests {
    @Test(arguments: [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "upload"),
        (".", "upload"),
        ("", "upload"),
        (" . ", "upload"),
        (".bashrc", "bashrc"),
        ("a\u{0}b\r\nc.txt", "abc.txt"),
        ("C:\\dir\\x.txt", "C:_dir_x.txt"),
        ("cafe\u{301}.txt", "caf\u{E9}.txt"),
        ("evil\u{202E}gpj.exe", "evilgpj.exe"),
        ("name. ", "name"),
        // To a file system the first is hidden, and the second ends with a dot.
        (".\u{301}hidden", "\u{301}hidden"),
        ("name\u{600}.", "name\u{600}"),
        // Joiners are part of how Persian and emoji are written; alone they are no name.
        ("می\u{200C}خواهم.txt", "می\u{200C}خواهم.txt"),
        ("👩\u{200D}💻.png", "👩\u{200D}💻.png"),
        ("\u{200D}\u{200C}", "upload"),
        ("a\u{61C}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}b", "ab"),
        ("a\u{2066}\u{2067}\u{2068}\u{2069}b", "ab"),
        ("a\u{200B}\u{2060}\u{FEFF}b", "ab"),
        ("...hidden...", "hidden"),
        ("name\u{600}/\u{301}..", "name\u{600}_\u{301}"),
        ("日本語 ファイル.txt", "日本語 ファイル.txt"),
    ])
    func `a hostile name becomes a safe one`(hostile: String, clean: String) {
        #expect(CleanName(hostile).description == clean)
        #expect(Array(CleanName(hostile).description.utf8) == Array(clean.utf8))
    }

    @Test func `of many marks in a row thirty stay, so that composing takes no longer than the name is long`() {
        let thirty = String(repeating: "\u{489}", count: 30)
        #expect(CleanName("a\(thirty)b").description == "a\(thirty)b")
        #expect(CleanName("a\(thirty)\u{489}b").description == "a\(thirty)b")
        #expect(CleanName(String(repeating: "\u{301}\u{316}", count: 50_000)).description.unicodeScalars.count == 30)
    }

    @Test func `a long name is cut and keeps its extension`() {
        let name = CleanName(String(repeating: "é", count: 300) + ".tar").description
        #expect(name.utf8.count <= UploadLimits.nameBytesMax)
        #expect(name.hasSuffix("é.tar"))
    }

    @Test func `the extension is found, and the cut made, scalar by scalar`() {
        let hidden = CleanName(String(repeating: "a", count: 300) + "\u{600}.tar").description
        #expect(Array(hidden.utf8).suffix(4) == Array(".tar".utf8))
        // What belongs to the letter before it is not left behind, nor is that letter without it.
        let marks = CleanName(String(repeating: "a", count: 199) + "b\u{31A}c").description
        #expect(marks == String(repeating: "a", count: 199))
        let family = CleanName(String(repeating: "a", count: 190) + "👩\u{200D}👩\u{200D}👧").description
        #expect(family.utf8.count <= UploadLimits.nameBytesMax)
        #expect(family.unicodeScalars.last != "\u{200D}")
    }

    @Test(arguments: ["  we/ird\u{7}..name..", "e\u{200B}\u{301}", "a.\u{2060}\u{301}", ".\u{202E}\u{301}x"])
    func `cleaning a clean name changes nothing`(hostile: String) {
        let once = CleanName(hostile).description
        #expect(Array(CleanName(once).description.utf8) == Array(once.utf8))
    }

    @Test(arguments: [
        ("report.pdf", "report (2).pdf"), ("README", "README (2)"), ("a.tar.gz", "a.tar (2).gz"),
        ("a.averyverylongending", "a.averyverylongending (2)"),
    ])
    func `a number goes before the ending`(name: String, numbered: String) {
        #expect(CleanName(name).numbered(2).description == numbered)
    }

    @Test(arguments: [2, 9999])
    func `a numbered name is as short as others`(number: Int) {
        let name = CleanName(String(repeating: "ö", count: 300) + ".pdf").numbered(number)
        #expect(name.description.utf8.count <= UploadLimits.nameBytesMax)
        #expect(name.description.hasSuffix("ö (\(number)).pdf"))
    }

    @Test(arguments: [
        ("report.pdf", 200, "report.pdf"), ("report.pdf", 8, "repo.pdf"), ("report.pdf", 4, "pdf"), ("öööö", 5, "öö"),
        ("report", 0, "upload"),
    ])
    func `a shortened name keeps its ending for as long as there is room`(name: String, bytes: Int, short: String) {
        #expect(CleanName(name).shortened(to: bytes).description == short)
    }

    /// Composing takes a time that grows with the square of a run's length: of 15,000 marks a tenth of a second.
    @Test(arguments: ["\u{301}\u{316}", "\u{301}\u{200B}\u{316}\u{0}", "\u{F73}", "\u{302E}\u{316}"])
    func `a name keeps no more marks in a row than any language has`(marks: String) {
        let name = CleanName("ab" + String(repeating: marks, count: 7500) + "c.txt").description
        #expect(name.utf8.first == UInt8(ascii: "a"))
        #expect(name.hasSuffix("c.txt"))
        #expect(name.unicodeScalars.count <= 7 + 2 * UploadLimits.marksMax)
        let line = "\u{905}\u{93F}\u{902} Zürich e\u{301}\u{323}.txt"
        #expect(CleanName(line).description.unicodeScalars.count == line.unicodeScalars.count - 1)
    }
}
