/// Finds CRLF, two dashes and the boundary in content (Horspool's search): looks at about one byte in a delimiter's
/// length; at worst, since only its first byte is CR, a few times at each.
struct DelimiterSearch: Sendable {
    /// What separates the parts.
    let delimiter: [UInt8]
    /// How far the search may jump when a window ends with this byte.
    private let jumps: [UInt8]

    init(boundary: [UInt8]) {
        delimiter = [.carriageReturn, .lineFeed, .dash, .dash] + boundary
        var jumps = [UInt8](repeating: UInt8(delimiter.count), count: 256)
        for (index, byte) in delimiter.dropLast().enumerated() {
            jumps[Int(byte)] = UInt8(delimiter.count - 1 - index)
        }
        self.jumps = jumps
    }

    /// Where the first delimiter in `input` from `start` on begins, and how many of its bytes are there: all of them,
    /// fewer if it runs into the end of the input, none (and the input's end) if there is no delimiter.
    func find(in input: Span<UInt8>, from start: Int) -> (index: Int, matched: Int) {
        let length = delimiter.count
        let last = delimiter[length - 1]
        var index = start
        while index + length <= input.count {
            let byte = input[index + length - 1]
            if byte == last, input[index] == .carriageReturn, matched(input, at: index) == length {
                return (index, length)
            }
            index += Int(jumps[Int(byte)])
        }
        while index < input.count {
            if input[index] == .carriageReturn {
                let matched = matched(input, at: index)
                if index + matched == input.count { return (index, matched) }
            }
            index += 1
        }
        return (input.count, 0)
    }

    /// How many bytes from `index` on are those of the delimiter.
    private func matched(_ input: Span<UInt8>, at index: Int) -> Int {
        let end = min(delimiter.count, input.count - index)
        var count = 0
        while count < end, input[index + count] == delimiter[count] { count += 1 }
        return count
    }
}
