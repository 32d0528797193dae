import HTTPClient
import Testing

@testable import UploadClient

@Suite struct UploadCollectionTests {
    @Test(arguments: [
        ("http://a", "http://a/files"), ("http://a/", "http://a/files"), ("HTTPS://a:8443", "https://a:8443/files"),
        ("https://a:443/files", "https://a/files"), ("https://a/files/", "https://a/files"),
        ("http://[::1]:8080/x/", "http://[::1]:8080/x/files"), ("http://a/x/files", "http://a/x/files"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/files"), ("http://a/?s=1/2", "http://a/files?s=1/2"),
        ("http://a/files?s=/files", "http://a/files?s=/files"), ("http://a?s", "http://a/files?s"),
    ])
    func `the root and the collection both name the collection`(text: String, collection: String) throws {
        #expect(try #require(HTTPURL(text)).collection.description == collection)
    }

    @Test func `addresses beside and below the collection keep its query`() throws {
        let url = try #require(HTTPURL("http://a/x/files?s=1"))
        #expect(url.besideCollection("/status").description == "http://a/x/status?s=1")
        #expect(url.below("name").description == "http://a/x/files/name?s=1")
        #expect(try #require(HTTPURL("http://a/")).besideCollection("/upload").description == "http://a/upload")
    }

    @Test func `parts are named as paths first, then relative to the request, then in full`() throws {
        let collection = try #require(HTTPURL("http://h/prefix/files"))
        let parts = ["http://h/prefix/files/1", "http://h/prefix/files/2"]
        #expect(
            ConcatReferences.candidates(parts, collection: collection) == [
                ["/prefix/files/1", "/prefix/files/2"], ["files/1", "files/2"], parts,
            ])
        let foreign = ["http://other/files/1"]
        #expect(ConcatReferences.candidates(foreign, collection: collection) == [foreign])
    }
}
