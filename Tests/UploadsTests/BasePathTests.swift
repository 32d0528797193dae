import Testing
import Uploads

struct BasePathTests {
    @Test(arguments: [
        ("/files", "/files", "/"), ("/files/", "/files", "/"), ("/a/b.c/D_~-9", "/a/b.c/D_~-9", "/a/b.c/"),
        ("/.files", "/.files", "/"), ("/a..b/c", "/a..b/c", "/a..b/"),
    ])
    func `a path is kept as it is written, without a slash at its end`(text: String, collection: String, parent: String)
        throws
    {
        let path = try #require(BasePath(text))
        #expect(path.collection == collection)
        #expect(path.parent == parent)
        let id = try #require(UploadID("0123456789abcdef0123456789abcdef"))
        #expect(path.path(of: id) == "\(collection)/0123456789abcdef0123456789abcdef")
    }

    @Test(arguments: [
        "", "/", "//", "files", "/a//", "//a", "/a//b", "/.", "/a/..", "/.../a", "/a%41", "/a b", "/a\n", "/ä", "/a;b",
        "/a:b",
        "/" + String(repeating: "a", count: 200),
    ])
    func `what has another spelling, or is no path, is refused`(text: String) {
        #expect(BasePath(text) == nil)
    }

    @Test func `the usual one is what everybody knows`() {
        #expect(BasePath.standard == BasePath("/files"))
        #expect(BasePath.standard.parents.isEmpty && BasePath.standard.name == "files")
    }
}
