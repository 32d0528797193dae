public import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import Synchronization
internal import TLS

/// Sends files on an event loop of its own, some of them at once.
public final class UploadRun: Sendable {
    /// What became of one file.
    public struct Outcome: Sendable {
        /// As given.
        public let item: UploadItem
        /// The upload's URL, or why there is none.
        public let result: Result<String, UploadFailure>
    }

    private let collection: HTTPURL
    private let options: UploadOptions
    private let client: HTTPClient.Options
    private let state: StateDirectory?

    /// - Throws: `.local` where an option cannot be used: authorities that cannot be read.
    public init(url: HTTPURL, options: UploadOptions) throws(UploadFailure) {
        collection = options.isURLExact ? url : url.collection
        self.options = options
        var client = HTTPClient.Options(origin: url.origin)
        client.proxies = options.proxies
        client.fields = options.fields
        do throws(TLSError) {
            client.tls = try TLSContext.client(
                trust: options.trust, applicationProtocols: ["http/1.1"], resumes: true)
        } catch {
            throw UploadFailure(.local, "\(error)")
        }
        self.client = client
        state = options.stateDirectory.map { StateDirectory(path: $0) }
    }

    /// Sends the files and blocks the calling thread until all of them are dealt with, or a signal ends it (the files
    /// under way fail as `.stopped` then, and those behind them are not told of).
    ///
    /// To be called on the main thread where signals are handled: threads that are there already would still take them.
    ///
    /// - Parameter report: told of each file, in the order of `items`, as soon as it and all before it are dealt with;
    ///   on the loop's thread.
    /// - Throws: where the system has no descriptors or threads left.
    public func send(
        _ items: [UploadItem], report: @escaping @Sendable (Outcome) -> Void
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
        let display = ProgressDisplay(options.progress, files: items.count)
        let queue = UploadQueue(items) { outcome in
            display.clear()
            report(outcome)
        }
        if items.isEmpty { queue.end() }
        for _ in 0..<min(max(1, options.jobs), items.count) {
            loop.spawn { [self] loop in
                let client = HTTPClient(self.client)
                while let (index, item) = queue.next() {
                    queue.settle(index, await send(item, client, display, on: loop))
                }
                await client.close(on: loop)
                queue.workerEnded()
            }
        }
        loop.spawn { loop in
            let watch = loop.watch()
            while !queue.isOver {
                try? await watch.pause(nanoseconds: ClientLimits.drawNanoseconds)
                if !queue.isOver { display.update() }
            }
        }
        loop.spawn { [self] loop in
            guard await signals.come(on: loop) else { return }
            display.breakOff()
            queue.stop { item in
                UploadFailure(.stopped, goesOn(item) ? "stopped; run it again to go on" : "stopped")
            }
        }
        queue.wait()
        group.stop()
    }

    /// Whether another run can go on with what this one has sent of it.
    private func goesOn(_ item: UploadItem) -> Bool {
        guard case .file = item.source else { return false }
        return state != nil && options.dialect != .plain
    }

    private func send(
        _ item: UploadItem, _ client: HTTPClient, _ display: ProgressDisplay, on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        let task = UploadTask(
            collection: collection, options: options, name: item.name, meter: Meter(), client: self.client)
        let session = Session(task: task, client: client)
        switch item.source {
        case .standardInput: return await sendStream(item, session, display, on: loop)
        case .file(let path):
            let file: LocalFile
            do throws(UploadFailure) {
                file = try LocalFile(path: path, name: item.name)
            } catch {
                let kind: UploadFailure.Kind = item.isFromFolder ? .unreadable : error.kind
                return .failure(UploadFailure(kind, error.description))
            }
            return await sendFile(file, item, session, display, on: loop)
        }
    }

    private func sendFile(
        _ file: LocalFile, _ item: UploadItem, _ session: Session, _ display: ProgressDisplay,
        on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        let record = ResumeRecord(directory: state, file: file, collection: collection, dialect: options.dialect)
        let job = UploadJob(file: file, task: session.task, record: record)
        let line = display.begin(item.title, total: file.size, to: collection, job.meter)
        if record.isOutdated { display.tell(item.title, "has changed since an earlier run; beginning anew") }
        let upload: any DialectUpload
        switch options.dialect {
        case .tus where job.parts.count > 1:
            return ended(await TusParallelUpload.run(job, session, on: loop), record, line, display)
        case .tus: upload = TusUpload(job, 0..<job.file.size, isPart: false)
        case .ietf: upload = IETFUpload(job)
        case .fileID: upload = FileIDUpload(job, resumes: state != nil)
        case .plain: upload = PlainUpload(job)
        }
        return ended(await upload.run(session, on: loop), record, line, display)
    }

    private func ended(
        _ result: Result<String, UploadFailure>, _ record: ResumeRecord, _ line: Int, _ display: ProgressDisplay
    ) -> Result<String, UploadFailure> {
        // The record stays after a failure, after a refusal too: a password that was wrong may be right the next time.
        if case .success = result { record.remove() }
        display.end(line, isStored: (try? result.get()) != nil)
        return result
    }

    private func sendStream(
        _ item: UploadItem, _ session: Session, _ display: ProgressDisplay, on loop: isolated EventLoop
    ) async -> Result<String, UploadFailure> {
        let bytes = options.chunkBytes.map { Int(min($0, Int64(ClientLimits.streamChunkBytesMax))) }
        let reader: StreamReader
        do throws(Errno) {
            reader = try StreamReader(descriptor: 0, chunkBytes: bytes ?? ClientLimits.streamChunkBytes)
        } catch {
            return .failure(UploadFailure(.local, "cannot start a thread: \(error)"))
        }
        let upload: any DialectUpload
        switch options.dialect {
        case .tus: upload = TusStream(session.task, reader)
        case .ietf: upload = IETFStream(session.task, reader)
        case .fileID, .plain:
            return .failure(UploadFailure(.local, "can be sent by tus or ietf only: its length is not known"))
        }
        let line = display.begin(item.title, total: nil, to: collection, session.task.meter)
        let result = await upload.run(session, on: loop)
        display.end(line, isStored: (try? result.get()) != nil)
        return result
    }
}
