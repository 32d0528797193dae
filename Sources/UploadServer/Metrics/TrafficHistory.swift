internal import Synchronization

/// What went on in the last hour, in equal steps. From any thread.
final class TrafficHistory: Sendable {
    /// What went on in one step.
    struct Sample: Equatable {
        /// Bytes of bodies that came for uploads.
        var received: Int64 = 0
        /// Uploads that became whole.
        var finished: Int64 = 0
        /// Requests that were answered, or whose client had gone.
        var requests: Int64 = 0
        /// Those for which the server is to blame: 5xx.
        var errors: Int64 = 0
        /// Bytes that were brought to the place of finished files.
        var carried: Int64 = 0
    }

    private struct State {
        var samples: [Sample] = []
        /// How many there were in all.
        var count: Int64 = 0
    }

    private let state = Mutex(State())

    /// Takes down one more step; one that is an hour old goes.
    func add(_ sample: Sample) {
        state.withLock { state in
            if state.samples.count == ServerLimits.trafficSamplesMax { state.samples.removeFirst() }
            state.samples.append(sample)
            state.count += 1
        }
    }

    /// The newest step; nil before there is one.
    var last: Sample? { state.withLock { $0.samples.last } }

    /// What came behind so many steps, as far as it is kept, and how many there were in all.
    func samples(after number: Int64) -> (samples: [Sample], count: Int64) {
        state.withLock { state in
            let news = max(0, min(state.count - number, Int64(state.samples.count)))
            return (state.samples.suffix(Int(news)), state.count)
        }
    }
}
