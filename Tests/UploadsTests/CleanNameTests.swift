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
        ("日本語 ファイル.txt", "日本語 ファイル.txt"),
    ])
    func `a hostile name becomes a safe one`(hostile: String, clean: String) {
        #expect(CleanName(hostile).description == clean)
        #expect(Array(CleanName(hostile).description.utf8) == Array(clean.utf8))
    }

    @Test func `a long name is cut and keeps its extension`() {
        let name = CleanName(String(repeating: "é", count: 300) + ".tar").description
        #expect(name.utf8.count <= UploadLimits.nameBytesMax)
        #expect(name.hasSuffix("é.tar"))
    }

    @Test(arguments: ["  we/ird\u{7}..name..", "e\u{200B}\u{301}", "a.\u{2060}\u{301}", ".\u{202E}\u{301}x"])
    func `cleaning a clean name changes nothing`(hostile: String) {
        let once = CleanName(hostile).description
        #expect(Array(CleanName(once).description.utf8) == Array(once.utf8))
    }
}
