import Testing
import Uploads

@Suite struct UploadIDTests {
    @Test func `the text form round-trips`() {
        let id = UploadID(high: 0x0123_4567_89AB_CDEF, low: 0xF)
        #expect(id.description == "0123456789abcdef000000000000000f")
        #expect(UploadID(id.description) == id)
    }

    @Test(arguments: [
        "", "0123", "0123456789ABCDEF000000000000000f", "0123456789abcdef000000000000000g",
        "0123456789abcdef000000000000000f0", "../3456789abcdef000000000000000f",
    ])
    func `anything but 32 lower-case hexadecimal digits is refused`(text: String) {
        #expect(UploadID(text) == nil)
    }
}
