internal import HTTP

/// Bytes that were read from a connection and not used yet: part of a head, a body's beginning, or the next request.
struct ReadAhead {
    /// Room for more than this is given back once it is used up: an idle connection keeps no memory for a body that
    /// happened to start in its head's packet.
    private static let keptBytesMax = 4096

    private var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }

    /// How many bytes lie here.
    var count: Int { bytes.count - start }

    /// The bytes, to be looked at.
    var all: ArraySlice<UInt8> { bytes[start...] }

    /// Makes room for so many bytes in all.
    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    mutating func append(_ memory: UnsafeRawBufferPointer) {
        // What was used goes when it is more than what is left: else a queue that is never empty would only grow.
        if start > ReadAhead.keptBytesMax, start > count {
            bytes.removeSubrange(..<start)
            start = 0
        }
        bytes.append(contentsOf: memory)
    }

    /// Has a parser take what it wants.
    mutating func feed(_ parser: inout RequestParser) throws(HTTPParseError) {
        let consumed = try bytes.withUnsafeBufferPointer { (bytes) throws(HTTPParseError) in
            try parser.consume(UnsafeBufferPointer(rebasing: bytes[start...]).span)
        }
        advance(by: consumed)
    }

    /// Moves up to `count` bytes to `memory`; answers how many.
    mutating func move(to memory: UnsafeMutableRawPointer, count: Int) -> Int {
        let moved = min(count, bytes.count - start)
        bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress! + start, byteCount: moved) }
        advance(by: moved)
        return moved
    }

    /// Puts bytes in front that turned out to belong to the next request.
    mutating func putBack(_ memory: UnsafeRawBufferPointer) {
        guard !memory.isEmpty else { return }
        bytes = Array(memory) + bytes[start...]
        start = 0
    }

    /// Lets go of everything, memory too.
    mutating func clear() { self = ReadAhead() }

    private mutating func advance(by count: Int) {
        start += count
        guard isEmpty else { return }
        start = 0
        if bytes.capacity > ReadAhead.keptBytesMax { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }
}
