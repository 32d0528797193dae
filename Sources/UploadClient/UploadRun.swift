internal import LinuxSystem
internal import Reactor
internal import Synchronization
internal import TLS

/// Sends files, one after the other, on an event loop of its own.
public final class UploadRun: Sendable {
    /// What became of one file.
    public struct Outcome: Sendable {
        /// As given.
        public let path: String
        /// The upload's URL, or why there is none.
        public let result: Result<String, UploadFailure>
    }

    private let url: UploadURL
    private let options: UploadOptions
    private let tls: TLSContext?

    /// - Throws: `.local` where an option cannot be used: authorities that cannot be read.
    public init(url: UploadURL, options: UploadOptions) throws(UploadFailure) {
        self.url = url
        self.options = options
        do throws(TLSError) {
            tls = try TLSContext.client(trust: options.trust, applicationProtocols: ["http/1.1"])
        } catch {
            throw UploadFailure(.local, "\(error)")
        }
    }

    /// Sends the files and blocks the calling thread until all of them are dealt with, or a signal ends it (the file
    /// under way fails as `.stopped` then, and the ones behind it are not told of).
    ///
    /// To be called on the main thread where signals are handled: threads that are there already would still take them.
    ///
    /// - Parameters:
    ///   - paths: absolute.
    ///   - report: told of each file as soon as it is dealt with, on the loop's thread.
    /// - Throws: where the system has no descriptors or threads left.
    public func send(
        _ paths: [String], report: @escaping @Sendable (Outcome) -> Void
    ) throws(UploadFailure) {
        let signals: Interrupts
        let group: LoopGroup
        do throws(Errno) {
            signals = Interrupts(try Signals(options.handlesSignals ? [.interrupt, .terminate] : []))
            group = try LoopGroup(count: 1, bufferMemoryBytes: 4 << 20)
        } catch {
            throw UploadFailure(.local, "\(error)")
        }
        let loop = group.loops[0]
        let display = ProgressDisplay(options.progress)
        let finish = Finish()
        loop.spawn { [self] loop in
            for path in paths where !finish.isSet {
                finish.path = path
                let result = await send(path, display, on: loop)
                if !finish.isSet { report(Outcome(path: path, result: result)) }
            }
            finish.set()
        }
        loop.spawn { loop in
            let watch = loop.watch()
            while !finish.isSet {
                try? await watch.pause(nanoseconds: ClientLimits.drawNanoseconds)
                if !finish.isSet { display.update() }
            }
        }
        loop.spawn { loop in
            guard await signals.come(on: loop) else { return }
            display.breakOff()
            let failure = UploadFailure(.stopped, "stopped; run it again to go on")
            report(Outcome(path: finish.path, result: .failure(failure)))
            finish.set()
        }
        finish.wait()
        group.stop()
    }

    private func send(
        _ path: String, _ display: ProgressDisplay, on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        let file: LocalFile
        do throws(UploadFailure) { file = try LocalFile(path: path) } catch { return .failure(error) }
        let collection = url.collection
        let job = UploadJob(
            file: file, collection: collection, options: options, tls: tls,
            record: ResumeRecord(
                directory: options.stateDirectory, file: file, collection: collection, dialect: options.dialect),
            meter: Meter())
        display.begin(file.name, total: file.size, to: collection, job.meter)
        let result = await send(job, on: loop)
        switch result {
        case .success:
            job.record.remove()
            display.end()
        // The record stays, after a refusal too: a password that was wrong may be right the next time.
        case .failure: display.breakOff()
        }
        return result
    }

    private func send(_ job: UploadJob, on loop: isolated EventLoop) async -> Result<String, UploadFailure> {
        let upload: any DialectUpload
        switch options.dialect {
        case .tus where job.parts.count > 1: return await TusParallelUpload.run(job, on: loop)
        case .tus: upload = TusUpload(job, 0..<job.file.size, isPart: false)
        case .ietf: upload = IETFUpload(job)
        case .fileID: upload = FileIDUpload(job, resumes: options.stateDirectory != nil)
        case .plain: upload = PlainUpload(job)
        }
        return await upload.run(Session(job), on: loop)
    }
}

/// The signals that end a run.
private final class Interrupts: Sendable {
    private let signals: Signals

    init(_ signals: consuming Signals) { self.signals = signals }

    /// Waits for one. Answers false where that is not possible.
    func come(on loop: isolated EventLoop) async -> Bool {
        guard let watch = try? loop.watch(signals.descriptor.rawValue) else { return false }
        while signals.next() == nil {
            watch.exhaustedReading()
            do throws(Interruption) { try await watch.untilReadable() } catch { return false }
        }
        return true
    }
}

/// How the loop tells the thread that waits for it that all is done.
private final class Finish: Sendable {
    private let flag = Atomic<UInt32>(0)
    private let current = Mutex("")

    /// The file under way.
    var path: String {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    var isSet: Bool { flag.load(ordering: .acquiring) != 0 }

    func set() {
        flag.store(1, ordering: .releasing)
        Futex.wake(flag, count: 1)
    }

    func wait() { while !isSet { Futex.wait(flag, while: 0) } }
}
