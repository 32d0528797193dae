/// What somebody's uploads take, with what the unfinished ones have promised to become.
public struct Usage: Hashable, Sendable {
    /// Bytes: of finished files, of unfinished uploads as long as they say that they will be, and of those that do not
    /// say so what is stored.
    public var bytes: Int64
    /// Finished files, and uploads that will be one.
    public var files: Int64
    /// Unfinished uploads.
    public var open: Int64

    public init(bytes: Int64, files: Int64, open: Int64) {
        self.bytes = bytes
        self.files = files
        self.open = open
    }

    /// Of somebody who has no upload.
    public static let none = Usage(bytes: 0, files: 0, open: 0)
}

extension Usage {
    /// Both together; what is more than a number holds is the largest one.
    public func adding(_ other: Usage) -> Usage {
        Usage(
            bytes: Usage.sum(bytes, other.bytes), files: Usage.sum(files, other.files),
            open: Usage.sum(open, other.open))
    }

    /// What is left of it, never less than nothing.
    public func subtracting(_ other: Usage) -> Usage {
        Usage(
            bytes: Usage.rest(bytes, other.bytes), files: Usage.rest(files, other.files),
            open: Usage.rest(open, other.open))
    }

    private static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    private static func rest(_ one: Int64, _ other: Int64) -> Int64 {
        let (rest, overflow) = one.subtractingReportingOverflow(other)
        return overflow ? 0 : max(0, rest)
    }
}

extension Upload {
    /// What this one takes. The catalogue counts by the same rules.
    ///
    /// A file that was delivered counts until another one has taken its place. Of what has failed or expired nothing
    /// else does, and the parts of a file that is put together become no file themselves.
    public var usage: Usage {
        let isOpen = state == .open
        let attempt = isOpen ? length ?? offset.bytes : 0
        return Usage(
            bytes: attempt + (finished?.length ?? 0), files: finished != nil || isOpen && !isPart ? 1 : 0,
            open: isOpen ? 1 : 0)
    }

    /// Whether it is a piece of a file, and never becomes one by itself.
    public var isPart: Bool { concatenation?.role == .partial }
}
