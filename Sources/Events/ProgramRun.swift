internal import LinuxSystem
internal import Reactor
internal import Storage

/// A program that is told of one event. Confined to its loop.
struct ProgramRun {
    let program: Program
    let nanosecondsMax: Int64

    /// Runs it to its end, or until its time is over: then it is killed, and what it has started with it.
    ///
    /// - Parameter id: the event's.
    func tell(
        _ event: UploadEvent, id: String, _ places: EventPlaces, on loop: isolated EventLoop
    ) async -> DeliveryOutcome {
        let body = program.format.body(event, id: id, places)
        do throws(Errno) {
            var child = try ChildProcess.start(
                path: program.path, environment: environment(event, id, places), input: body)
            let watch = try loop.watch(child.descriptor)
            defer { loop.end(watch, child.descriptor) }
            return await outcome(of: &child, watch)
        } catch {
            return .unreachable("cannot start it: \(error)", retryNanoseconds: nil)
        }
    }

    private func outcome(of child: inout ChildProcess, _ watch: Watch) async -> DeliveryOutcome {
        watch.setDeadline(SystemClock.monotonicNanoseconds + nanosecondsMax)
        do throws(Interruption) { return ProgramRun.outcome(of: try await end(of: &child, watch)) } catch {
            child.kill()
            // It leaves at once, unless the kernel holds it.
            watch.clearInterruption()
            watch.setDeadline(SystemClock.monotonicNanoseconds + EventsLimits.killNanoseconds)
            _ = try? await end(of: &child, watch)
            return .refused(error == .timedOut ? "it took too long, and was killed" : "the server stops")
        }
    }

    /// A descriptor that was not looked at counts as readable: only the process itself says that it has ended.
    private func end(of child: inout ChildProcess, _ watch: Watch) async throws(Interruption) -> ChildProcess.End {
        while true {
            if let end = child.end() { return end }
            watch.exhaustedReading()
            try await watch.untilReadable()
        }
    }

    private static func outcome(of end: ChildProcess.End) -> DeliveryOutcome {
        switch end {
        case .exited(0): .taken
        case .exited(let code): .refused("it ended with \(code)")
        case .killed(let signal): .refused("it was ended by signal \(signal)")
        }
    }

    private func environment(_ event: UploadEvent, _ id: String, _ places: EventPlaces) -> [String] {
        // Of the server's own nothing else is a program's business.
        var texts: [String] = []
        for (name, value) in Environment.all {
            let name = String(decoding: name, as: UTF8.self)
            if ProgramRun.kept.contains(name) { texts.append("\(name)=\(String(decoding: value, as: UTF8.self))") }
        }
        texts += ["SLUICE_EVENT=\(event.kind.word)", "SLUICE_EVENT_ID=\(id)", "SLUICE_UPLOAD=\(event.upload)"]
        if let path = places.path(event) { texts.append("SLUICE_PATH=\(path)") }
        if program.format == .tusd {
            texts += ["TUS_ID=\(event.upload)", "TUS_SIZE=\(event.length ?? 0)", "TUS_OFFSET=\(event.offset)"]
        }
        return texts
    }

    private static let kept = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"]
}
