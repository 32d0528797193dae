internal import Events
internal import LinuxSystem
internal import Reactor
internal import Storage

/// Takes down what goes on, for as long as the server lives.
struct TrafficSampler {
    let server: ServerContext

    /// Runs until interrupted.
    func run(on loop: isolated EventLoop) async {
        let watch = loop.watch()
        defer { loop.end(watch) }
        var before = TrafficHistory.Sample(server)
        do throws(Interruption) {
            while true {
                try await watch.pause(nanoseconds: ServerLimits.trafficNanoseconds)
                let now = TrafficHistory.Sample(server)
                server.traffic.add(now.since(before))
                before = now
            }
        } catch {
            // Interrupted: the server stops.
        }
    }
}

extension TrafficHistory.Sample {
    /// What went on since the server's start.
    init(_ server: ServerContext) {
        self.init()
        let errors = RequestKind.classes.count - 1
        for counters in server.counters {
            received += counters[.bytesReceived]
            for index in counters.requests.indices {
                let count = counters.requests[index].count
                requests += count
                if index % RequestKind.classes.count == errors { self.errors += count }
            }
        }
        finished = server.store.counters[.finished]
        carried = server.carrying?.carrier?.carriedBytes ?? 0
    }

    /// What went on since then.
    func since(_ other: Self) -> Self {
        var step = self
        step.received -= other.received
        step.finished -= other.finished
        step.requests -= other.requests
        step.errors -= other.errors
        step.carried -= other.carried
        return step
    }
}
