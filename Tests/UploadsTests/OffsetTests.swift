import Testing
import Uploads

@Suite struct OffsetTests {
    @Test(arguments: [(Int64.min, Int64(0)), (-1, 0), (0, 0), (1, 1), (.max, .max)])
    func `an offset is never negative, whoever asks for one`(told: Int64, bytes: Int64) {
        #expect(Offset(told).bytes == bytes)
    }
}
