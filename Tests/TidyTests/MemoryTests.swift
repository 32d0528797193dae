import Testing

/// Where an address is computed nothing checks it: every such place, and what bounds it. (Indices of arrays are
/// checked, and what reads by them is fuzzed. The pure targets have no addresses at all: the compiler sees to that.)
@Suite struct MemoryTests {
    private typealias Site = KnownSites.Site

    private static let asked = "within the count that is asked for or left, which the caller has memory for"
    private static let filled = "the system or the library says how much of it was filled, no more than was there"

    private static let addresses = KnownSites([
        Site(
            "Delivery/PartBytes", "copyMemory", "the step ends with the chunk, and the request asks for what there is"),
        Site("Delivery/TextBytes", "copyMemory", "the request asks for what is within its range"),
        Site("Events/BytesContent", "start + Int(offset)", "the request asks for what is within its range"),
        Site("HTTPClient/Connection/HTTPConnection", "memory + done", asked),
        Site("LinuxSystem/File.", "memory + done", asked),
        Site("LinuxSystem/NetworkPrefix", "unsafeUninitializedCapacity: 16", filled),
        Site("LinuxSystem/SystemProcess", "+ done", asked),
        Site(
            "Reactor/BufferPool", "state.free + state.freeCount", "no more buffers come back than were made (the count)"
        ),
        Site("Storage/Appending/Append.", "memory + gap", "WritePermit.write compares gap and count with the buffer"),
        Site("Storage/Catalogue/SQLiteStatement", "loadUnaligned", "of 16 bytes, as compared before"),
        Site("Storage/Files/DataFile", "memory + ", "head, middle and tail are the count"),
        Site("Storage/Files/PartCopy", "memory + gap", "a piece and its gap fit into the half"),
        Site("Storage/Files/PartCopy", "copyMemory", "a piece and its gap fit into the other half"),
        Site("Storage/Files/PartCopy", "memory + PartCopy.halfBytes", "the buffer has two halves"),
        Site("Storage/Journal/Journal.", "memory + block", "the heads are two blocks"),
        Site("Storage/Journal/JournalBlock", "yteOffset", "a word of a block: entries are bounded (bodiesPerBatchMax)"),
        Site("TLS/Digest", "unsafeUninitializedCapacity", filled),
        Site("TLS/MessageCode", "unsafeUninitializedCapacity: 32", filled),
        Site("TLS/PEMFile", "copyMemory", "the memory is made for these bytes"),
        Site("TLS/PEMFile", "rebasing", filled),
        Site("TLS/ServerIdentity", "unsafeUninitializedCapacity", filled),
        Site("TLS/TLSSession", "memory + done", asked),
        Site("UploadClient/State/StateDirectory", "unsafeUninitializedCapacity", filled),
        Site("UploadClient/Stream/StreamChunk", "copyMemory", "the range is compared with the piece before"),
        Site("UploadClient/Stream/StreamReader", "memory + count", asked),
        Site("UploadServer/HTTP2/HTTP2Connection+Bytes", "rebasing: memory[..<count]", filled),
        Site("UploadServer/HTTP2/HTTP2Connection+Bytes", "rebasing: space.prefix", "a checked slice"),
        Site("UploadServer/HTTP2/HTTP2Connection+Bytes", "rebasing: scratch.prefix", "a checked slice"),
        Site(
            "UploadServer/HTTP2/HTTP2Connection+Bytes", "bytes.baseAddress! + start",
            "below the count, as compared before"),
        Site(
            "UploadServer/HTTP2/HTTP2Stream", "place.copyMemory",
            "the smaller one of what comes and what is free; the same memory, moved towards its beginning"),
        Site("UploadServer/HTTP2/HTTP2Stream", "rebasing: bytes[direct...]", "a checked slice"),
        Site("UploadServer/HTTP2/HTTP2Stream", "contentStart, byteCount: moved", "the smaller one of both"),
        Site("UploadServer/HTTP2/HTTP2Stream", "piece.memory", "the smaller one of both"),
        Site("UploadServer/Connection/Exchange+Sending", "memory + sent", asked),
        Site("UploadServer/Admin/EventStream", "memory.baseAddress! + start", "below the count, as compared before"),
        Site(
            "UploadServer/Connection/FormBody", "range.lowerBound",
            "the parser is offered no more than the caller asks for"),
        Site("UploadServer/Connection/FormBody", "rebasing: bytes[..<end]", "a checked slice"),
        Site("UploadServer/Connection/FormBody", "rebasing: scratch[..<count]", "a checked slice"),
        Site("UploadServer/Connection/FormBody", "held.prefix(moved)", asked),
        Site("UploadServer/Connection/ReadAhead", "rebasing: bytes[start...]", "a checked slice"),
        Site("UploadServer/Connection/ReadAhead", "+ start, byteCount: moved", "no more than is left"),
        Site("UploadServer/Connection/HTTP1Body", "(memory + kept)", "what is kept is part of what was read"),
        Site("UploadServer/Connection/HTTP1Body", "rebasing", "a checked slice"),
        Site("UploadServer/Connection/RequestID", "unsafeUninitializedCapacity: 16", "sixteen digits"),
        Site("UploadServer/Ingest/Ingest", "buffer.memory + gap", "the capacity is the buffer less the gap"),
        Site("UploadServer/Ingest/Ingest", "memory + fill.count", asked),
        Site(
            "UploadServer/Page/Gzip", "unsafeUninitializedCapacity",
            "as much as deflate can make of it; fails otherwise"),
        Site("Wire/Transport", "+ start, raw.count - start", asked),
        Site("Wire/Transport", "memory + done", asked),
    ])

    static func computesAddress(_ code: String) -> Bool {
        code.contains(/\b(?:memory|baseAddress!?|state\.free|raw) \+ [a-zA-Z(]/.wordBoundaryKind(.simple))
            || code.contains(/ByteOffset: |copyMemory\(|rebasing: |unsafeUninitializedCapacity: |loadUnaligned\(/)
            || code.contains(/unsafelyUnwrapped|unsafeBitCast|\[unchecked: |UnsafeMutable\w*Pointer<.*>\(bitPattern/)
    }

    @Test func `every computed address stays within memory that is there`() throws {
        try Self.addresses.compare(
            complaint: "computes an address, and no bound is given here",
            lines: [" + ", "ByteOffset", "copyMemory", "rebasing", "unsafe", "Unaligned", "unchecked", "bitPattern"],
            Self.computesAddress)
    }

    @Test(arguments: ["f(memory + done)", "($0.baseAddress! + start)", "a.load(fromByteOffset: 8, as: T.self)"])
    func `a computed address is found`(line: String) { #expect(Self.computesAddress(line)) }
}
