import Testing

@testable import HTTP

@Suite("Lines of input")
struct LineScannerTests {
    @Test("a control byte is found wherever it stands, and nothing else is one")
    func controlBytes() throws {
        for length in 1...24 {
            for position in 0..<length {
                for byte in UInt8.min...UInt8.max where byte != 0x0A && byte != 0x0D {
                    var line = [UInt8](repeating: 0x80, count: length)
                    line[position] = byte
                    let isText = byte == 0x09 || byte >= 0x20 && byte != 0x7F
                    #expect(taken(of: line) == (isText ? line : nil), "byte \(byte) at \(position) of \(length)")
                }
            }
        }
    }

    @Test("the end of a line is found wherever input was split")
    func splits() throws {
        let input = Array("Upload-Metadata: \tname ZmlsbQ==\r\n".utf8)
        for split in 0...input.count {
            var scanner = LineScanner()
            var line: Range<Int>?
            for part in [Array(input[..<split]), Array(input[split...])] where line == nil {
                line = try scanner.next(part.span, from: 0, bytesMax: 100, tooLong: .headTooLong).line
            }
            #expect(line == 0..<input.count - 2)
            #expect(scanner.bytes == input.dropLast(2))
        }
    }

    /// What a line holds; nil where it is refused for a control byte.
    private func taken(of line: [UInt8]) -> [UInt8]? {
        var scanner = LineScanner()
        let input = line + [0x0D, 0x0A]
        do {
            let (range, next) = try scanner.next(input.span, from: 0, bytesMax: 100, tooLong: .headTooLong)
            return range == 0..<line.count && next == input.count ? scanner.bytes : []
        } catch {
            return error == .controlByte ? nil : []
        }
    }
}
