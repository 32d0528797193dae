internal import LinuxSystem

/// Which file stands in a place, and as of when: what has taken its place, or was made of it, is another one.
public struct DeliveredState: Equatable, Sendable {
    let status: FileStatus
}
