import TestSupport
import Testing
import Uploads

@Suite struct ConcatenationTests {
    @Test func `its stored form says the same when read again`() {
        var random = SeededGenerator(seed: 1)
        for count in 0..<50 {
            let parts = (0..<count).map { _ in UploadID(high: random.next(), low: random.next()) }
            let final = Concatenation(
                .final(parts), text: "final;" + parts.map { "/files/\($0)" }.joined(separator: " "))
            #expect(Concatenation(stored: final.stored) == final)
            #expect(final.parts == parts)
        }
        let partial = Concatenation(.partial, text: "partial")
        #expect(partial.stored == "partial\npartial")
        #expect(Concatenation(stored: partial.stored) == partial)
        #expect(partial.parts == nil)
    }

    @Test(arguments: [
        "", "partial", "final", "partial\n\n", "partial x\npartial", "final x\n", "final \n", "whole\n",
        "final 0\n", "final  00000000000000000000000000000001\n", " partial\n",
    ])
    func `anything else is not read`(stored: String) {
        #expect(Concatenation(stored: stored) == nil)
    }

    @Test func `an upload is a file by itself unless it says otherwise`() {
        let upload = Upload(
            id: UploadID(high: 1, low: 2), dialect: .tus, length: 1, name: .fallback, createdSeconds: 0)
        #expect(upload.concatenation == nil)
    }
}
