internal import CEpollShim

/// The first two numbers of a kernel's version. `uname(2)`
public struct KernelVersion: Comparable, Sendable {
    /// 6 of 6.1.
    public let major: Int
    /// 1 of 6.1.
    public let minor: Int

    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// What a release like `6.1.0-18-amd64` begins with; nil for anything else.
    public init?(release: String) {
        let parts = release.split(separator: ".", maxSplits: 2)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix { $0.isNumber }) else {
            return nil
        }
        self.init(major, minor)
    }

    /// That of the running one; nil where it does not tell.
    public static let current: KernelVersion? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
        guard cshim_kernel_release(text.baseAddress, text.count) == 0 else { return nil }
        return KernelVersion(release: String(cString: text.baseAddress!))
    }

    public static func < (one: KernelVersion, other: KernelVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
