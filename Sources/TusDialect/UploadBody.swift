internal import HTTP

/// The media type of file bytes, on creation as on append.
enum UploadBody {
    /// Refuses any other type.
    static func checkType(_ head: RequestHead) throws(Refusal) {
        guard TusVersion.hasMediaType(head) else {
            throw .tus(
                .unsupportedMediaType, code: "wrong-media-type",
                "File bytes are sent as application/offset+octet-stream.")
        }
    }

    /// Bytes of the body, nil where only its end will tell (chunked).
    static func length(_ head: RequestHead) -> Int64? {
        switch head.framing {
        case .none: 0
        case .length(let count): count
        case .chunked: nil
        }
    }
}
