import HTTP2

/// What only nghttp2 says of its own accord.
extension ErrorCode {
    static let frameSizeError = ErrorCode(rawValue: 0x6)
    static let compressionError = ErrorCode(rawValue: 0x9)
}
