public import Storage
public import TLS

extension RunningSHA256: RunningDigest {
    /// One of nothing yet, or one that goes on; nil for what was not saved by one.
    static func resumed(_ saved: [UInt8]?) -> (any RunningDigest)? {
        guard let saved else { return RunningSHA256() }
        return RunningSHA256(saved: saved)
    }
}
