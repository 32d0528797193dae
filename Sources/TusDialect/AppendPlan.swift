public import HTTP
public import Uploads

/// How bytes go into an upload, once that is decided.
public struct AppendPlan: Equatable, Sendable {
    /// What is to be done when the body has ended in good order.
    public enum Ending: Equatable, Sendable {
        /// Record what came; more will follow, or the upload is a part and never a file by itself.
        case settle
        /// All bytes are there: the file, of so many bytes, appears.
        case finish(length: Int64)
    }

    /// Where the body's first byte goes: the recorded offset.
    public let start: Offset
    /// The size of the whole file in bytes, nil while unknown.
    public let length: Int64?
    /// The length is to be recorded before anything is written: the client has said it only now.
    public let declaresLength: Bool
    /// Bytes that the upload may still take. More end the request with `overflow`.
    public let room: Int64
    private let isPart: Bool

    init(start: Offset, length: Int64?, declaresLength: Bool, isPart: Bool, offer: TusOffer) {
        self.start = start
        self.length = length
        self.declaresLength = declaresLength
        self.isPart = isPart
        room = max(0, (length ?? offer.sizeMax) - start.bytes)
    }

    /// - Parameter nextByte: one past the last byte that came, from the start of the file.
    public func ending(at nextByte: Int64) -> Ending {
        nextByte == length && !isPart ? .finish(length: nextByte) : .settle
    }

    /// What is said, and refused, when more comes than there is room for. What came up to there is settled: its offset
    /// may have been told. Only under a checksum, which was never compared then, it is dropped.
    public func overflow(offer: TusOffer) -> Refusal { length.map(AppendPlan.tooLong) ?? offer.tooLarge }

    static func tooLong(_ length: Int64) -> Refusal {
        .tus(
            .contentTooLarge, code: "body-too-long",
            "The body goes on past the \(length) bytes of the file.")
    }
}
