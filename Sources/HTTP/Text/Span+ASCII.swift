extension Span<UInt8> {
    /// Whether all bytes are ASCII: they mean the same in every encoding that is read here, and no mark combines.
    var isASCII: Bool {
        for index in indices where self[index] >= 0x80 { return false }
        return true
    }
}
