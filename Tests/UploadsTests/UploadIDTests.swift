import Testing
import Uploads

@Suite struct UploadIDTests {
    @Test func `the text form round-trips`() {
        let id = UploadID(high: 0x0123_4567_89AB_CDEF, low: 0xF)
        #expect(id.description == "0123456789abcdef000000000000000f")
        #expect(UploadID(id.description) == id)
    }

    @Test func `a digest names an upload by its head, and what is none ends nothing`() {
        #expect(UploadID(digest: Array(1...32)) == UploadID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10))
        #expect(UploadID(digest: [1]) == UploadID(high: 1 << 56, low: 0))
        #expect(UploadID(digest: []) == UploadID(high: 0, low: 0))
    }

    @Test(arguments: [
        "", "0123", "0123456789ABCDEF000000000000000f", "0123456789abcdef000000000000000g",
        "0123456789abcdef000000000000000f0", "../3456789abcdef000000000000000f",
    ])
    func `anything but 32 lower-case hexadecimal digits is refused`(text: String) {
        #expect(UploadID(text) == nil)
    }
}
