internal import CEpollShim

/// A path as the kernel has it: bytes without NUL, in no particular encoding. What a text cannot hold, this can.
public struct FilePath: Hashable, Sendable, CustomStringConvertible {
    /// Without NUL; what stood behind one is gone.
    public let bytes: [UInt8]

    public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes.prefix { $0 != 0 }) }

    public init(_ text: String) { self.init(text.utf8) }

    /// The last segment, whatever slashes stand behind it; empty for the root.
    public var name: [UInt8] { Array(trimmed.suffix(while: { $0 != FilePath.slash })) }

    /// The entry `name` of this directory.
    public func appending(_ name: [UInt8]) -> FilePath {
        FilePath(trimmed + (trimmed.last == FilePath.slash || trimmed.isEmpty ? [] : [FilePath.slash]) + name)
    }

    /// - Throws: EACCES where this process may not run it. `faccessat(2)`
    public func checkMayExecute() throws(Errno) { try checked { withSystemPath { cshim_may_execute($0) } } }

    /// The same place as an absolute path without symbolic links. `realpath(3)`
    ///
    /// - Throws: where there is nothing, or no way to it.
    public func resolved() throws(Errno) -> FilePath {
        var failure: Int32 = 0
        guard let text = withSystemPath({ cshim_real_path($0, &failure) }) else { throw Errno(rawValue: -failure) }
        defer { free(text) }
        return FilePath(UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) })
    }

    /// As UTF-8; what is none becomes U+FFFD.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    func withSystemPath<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        (bytes + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    /// Without slashes at the end, but for a lone one.
    private var trimmed: ArraySlice<UInt8> {
        var rest = bytes[...]
        while rest.count > 1, rest.last == FilePath.slash { rest.removeLast() }
        return rest
    }

    private static let slash = UInt8(ascii: "/")
}

extension ArraySlice {
    fileprivate func suffix(while predicate: (Element) -> Bool) -> ArraySlice {
        var start = endIndex
        while start > startIndex, predicate(self[start - 1]) { start -= 1 }
        return self[start...]
    }
}
