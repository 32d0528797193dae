/// Signs of life of the threads that everybody needs.
struct StorePulses: Sendable {
    let catalogue: ThreadPulse
    let records: ThreadPulse
    let disk: DiskThreads

    /// How long a thread is at its present step, or a lane has taken no job although some wait, in nanoseconds.
    func stepNanoseconds(_ thread: StoreThread) -> Int64 {
        switch thread {
        case .catalogue: catalogue.stepNanoseconds
        case .records: records.stepNanoseconds
        case .disk: disk.standstillNanoseconds(.short)
        case .sync: disk.standstillNanoseconds(.long)
        }
    }
}
