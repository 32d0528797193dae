import LinuxSystem

/// Whole connections to a whole server: requests in any order, whole or not, on one connection or two.
///
/// The input is what a client sends. 0xFF in it: first let everything be answered that can be. 0xFE: the same, then go
/// on with the other connection, which is how one request gets to supersede another. `{0}` stands for the id of the
/// first upload whose address was told, `{1}` for the second, and so on.
enum ConnectionProperties {
    private static let site = FuzzedServer(allowsHTTP2: false)

    static func check(_ input: [UInt8]) {
        let site = site.fresh()
        talk(site.address, input)
        site.checkHealth()
    }

    /// The clients have gone, with their descriptors, when this returns: what is open then is the server's.
    @inline(never)
    private static func talk(_ address: SocketAddress, _ input: [UInt8]) {
        var splits = Splits(input)
        let clients = [FuzzedClient(address), FuzzedClient(address)]
        var ids: [String] = []
        var current = 0
        for piece in input.split(omittingEmptySubsequences: false, whereSeparator: { $0 >= 0xFE }) {
            clients[current].send(filled(piece, ids), cuts: &splits)
            clients[current].awaitAnswers()
            ids += clients[current].takeToldIDs()
            if piece.endIndex < input.endIndex, input[piece.endIndex] == 0xFE { current = 1 - current }
        }
        for client in clients { client.finish() }
    }

    /// With ids for placeholders. One that was never told is well-formed, and nobody's.
    private static func filled(_ piece: ArraySlice<UInt8>, _ ids: [String]) -> [UInt8] {
        var (filled, rest) = ([UInt8](), piece)
        while let byte = rest.first {
            let digit = rest.dropFirst().first.map { Int($0) - 48 } ?? -1
            if byte == 0x7B, (0...9).contains(digit), rest.dropFirst(2).first == 0x7D {
                filled += Array((digit < ids.count ? ids[digit] : String(repeating: "0", count: 32)).utf8)
                rest.removeFirst(3)
            } else {
                filled.append(byte)
                rest.removeFirst()
            }
        }
        return filled
    }
}
