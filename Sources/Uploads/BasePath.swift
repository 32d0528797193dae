/// Where uploads have their addresses on a server: `/files`, or a path that was chosen for it. Other addresses of the
/// application's lie beside it.
///
/// A path of segments of letters, digits, `-`, `.`, `_` and `~`: nothing in it is ever escaped, so that it has one
/// spelling, in addresses, in the page and in what is compared with it.
public struct BasePath: Hashable, Sendable {
    /// The last segment: `files`.
    public let name: String
    /// The segments before it.
    public let parents: [String]
    /// The path of the collection, without a slash at its end: `/files`.
    public let collection: String

    /// `/files`.
    public static let standard = BasePath(parents: [], name: "files")

    /// What stands before the collection's name, with a slash at its end: the page's path.
    public let parent: String

    private init(parents: [String], name: String) {
        self.name = name
        self.parents = parents
        parent = "/\(parents.map { "\($0)/" }.joined())"
        collection = "\(parent)\(name)"
    }

    /// Reads a path with a slash at its beginning; one at its end means nothing.
    ///
    /// - Returns: nil for what is none: an empty segment, one of dots, an octet that would have to be escaped, more
    ///   than `UploadLimits.basePathBytesMax`; and for `/`, beside which there is nothing.
    public init?(_ text: String) {
        var bytes = Array(text.utf8)
        if bytes.count > 1, bytes.last == 0x2F { bytes.removeLast() }
        guard bytes.first == 0x2F, bytes.count <= UploadLimits.basePathBytesMax else { return nil }
        var segments: [String] = []
        for piece in bytes.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false) {
            guard !piece.isEmpty, !piece.allSatisfy({ $0 == 0x2E }), piece.allSatisfy(BasePath.isPlain) else {
                return nil
            }
            segments.append(String(decoding: piece, as: UTF8.self))
        }
        guard let name = segments.popLast() else { return nil }
        self.init(parents: segments, name: name)
    }

    /// Unreserved (RFC 3986 2.3).
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// Where an upload has its address, without anything before the path or behind it.
    public func path(of id: UploadID) -> String { collection + "/" + id.description }
}
