internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Synchronization
internal import Uploads
internal import TLS

/// Brings one target its events. Confined to the loop.
///
/// One task fills the queue in memory from the catalogue, begins attempts and sleeps until the next one is due; each
/// attempt is a task of its own.
final class TargetDelivery {
    private var destination: DeliveryTarget
    private var places: EventPlaces
    private let target: Int64
    private let isPlace: Bool
    private let index: Int
    private let parts: DeliveryParts
    private let tls: TLSContext?
    private let tally: TargetTally
    private var queue: DeliveryQueue
    /// Those that send nothing at this moment.
    private var idle: [WebhookSender] = []
    private var idleCarriers: [any FileSender] = []
    private var attempts = 0
    private var token: EventToken?
    /// Something has happened since the task looked.
    private var hasNews = true
    private var hasFailed = false
    private var hasEnded = false
    private var recordNanoseconds: Int64?

    init(_ index: Int, _ parts: DeliveryParts, _ tls: TLSContext?) {
        self.index = index
        self.parts = parts
        self.tls = tls
        destination = parts.configuration.targets[index]
        queue = DeliveryQueue(attemptsMax: destination.attemptsMax)
        places = parts.places
        target = parts.queues[index].id
        isPlace = parts.queues[index].target.isPlace
        tally = parts.tallies[index]
    }

    /// Has the task look again.
    func wake(on loop: isolated EventLoop) {
        hasNews = true
        if let token { loop.wake(token) }
    }

    /// Tells what comes from now on in this way, and these places.
    func adopt(_ destination: DeliveryTarget, _ places: EventPlaces) {
        self.destination = destination
        self.places = places
    }

    /// Until the stop, or until the target wants nothing more.
    func run(on loop: isolated EventLoop) async {
        let watch = loop.watch()
        token = watch.token
        while !parts.isStopping, !hasEnded {
            hasNews = false
            await fill()
            giveUpOverdue()
            tally.oldest.store(queue.oldestMilliseconds ?? 0, ordering: .relaxed)
            while let attempt = queue.begin(now: SystemClock.monotonicNanoseconds) { begin(attempt, on: loop) }
            recordIfDue()
            if !hasNews { await sleep(on: watch) }
        }
        while attempts > 0 { await sleep(on: watch) }
        token = nil
        loop.end(watch)
        for sender in idle { await sender.close(on: loop) }
        for sender in idleCarriers { await sender.close(on: loop) }
        parts.outbox.record()
    }

    private func sleep(on watch: Watch) async {
        let isRunning = !parts.isStopping && !hasEnded
        let next = isRunning ? min(queue.nextNanoseconds() ?? .max, recordNanoseconds ?? .max) : .max
        watch.setDeadline(next)
        do throws(Interruption) { try await watch.untilWoken() } catch { watch.clearInterruption() }
    }

    /// Takes more of the target's queue into memory where that runs low.
    private func fill() async {
        if !isPlace { queue.drop(before: parts.outbox.firstKept) }
        let latest = parts.outbox.latest
        guard queue.isLow, latest > queue.lastSequence else { return }
        let room = queue.room
        do throws(StorageError) {
            let events = try await parts.outbox.events(
                for: target, after: queue.lastSequence, upTo: latest, limit: room)
            queue.add(events)
            if events.count < room { queue.skip(to: latest) } else { hasNews = true }
        } catch {
            if parts.isStopping { return }
            parts.report(.storeFailed(reason: "\(error)"))
            recordNanoseconds = SystemClock.monotonicNanoseconds + EventsLimits.storeRetryNanoseconds
        }
    }

    private func giveUpOverdue() {
        guard hasFailed, let bound = giveUpBound else { return }
        let overdue = queue.overdue(before: bound)
        let reason = tally.lastFailure?.reason
        for (sequence, called, upload) in overdue { giveUp(sequence, called, upload, reason) }
        // In their room come others, which may be as old.
        hasFailed = !overdue.isEmpty
    }

    /// Events from before are not tried again, in milliseconds since 1970-01-01 UTC.
    private var giveUpBound: Int64? {
        parts.configuration.giveUpMilliseconds.map { SystemClock.wallNanoseconds / 1_000_000 - $0 }
    }

    private func giveUp(_ sequence: Int64, _ called: Int64, _ upload: UploadID, _ reason: String?) {
        queue.giveUp(sequence)
        tally.givenUp.add(1, ordering: .relaxed)
        parts.outbox.gaveUp(target, sequence, reason: reason)
        recordSoon()
        parts.report(.gaveUp(target: tally.name, event: parts.id(called), upload: upload.description))
        hasNews = true
    }

    /// The target is not told of it again.
    private func settle(_ sequence: Int64) {
        parts.outbox.told(target, sequence)
        recordSoon()
    }

    private func recordSoon() {
        if recordNanoseconds == nil {
            recordNanoseconds = SystemClock.monotonicNanoseconds + EventsLimits.recordNanoseconds
        }
    }

    private func recordIfDue() {
        guard let due = recordNanoseconds, due <= SystemClock.monotonicNanoseconds else { return }
        recordNanoseconds = nil
        parts.outbox.record()
        hasNews = hasNews || queue.isLow && parts.outbox.latest > queue.lastSequence
    }

    // MARK: Attempts

    private func begin(_ attempt: DeliveryQueue.Attempt, on loop: isolated EventLoop) {
        attempts += 1
        let index = index
        loop.spawn { loop in await Deliveries.of(loop)?.targets[index].make(attempt, on: loop) }
    }

    private func make(_ attempt: DeliveryQueue.Attempt, on loop: isolated EventLoop) async {
        let event = await event(of: attempt)
        var outcome: DeliveryOutcome?
        if let event, !parts.isStopping { outcome = await send(event, on: loop) }
        attempts -= 1
        defer { wake(on: loop) }
        // What was cut by the stop is told by the next start.
        if parts.isStopping, outcome == nil || outcome?.isTaken == false { return }
        let now = SystemClock.monotonicNanoseconds
        guard let outcome, let event else { return queue.end(attempt, .unready, now: now) }
        switch outcome {
        case .taken:
            tally.taken.add(1, ordering: .relaxed)
            end(attempt, .taken, now, "")
            settle(event.sequence)
        case .gone:
            if hasEnded { return }
            hasEnded = true
            tally.hasEnded.store(true, ordering: .relaxed)
            tally.oldest.store(0, ordering: .relaxed)
            parts.outbox.end(target)
            parts.report(.ended(target: tally.name))
        case .refused(let reason):
            failed(event, attempt, .refused, now, reason)
        case .unready: queue.end(attempt, .unready, now: now)
        case .unreachable(let reason, let retry):
            failed(event, attempt, .unreachable(retryNanoseconds: retry), now, reason)
        }
    }

    private func failed(
        _ event: UploadEvent, _ attempt: DeliveryQueue.Attempt, _ outcome: DeliveryQueue.Outcome, _ now: Int64,
        _ reason: String
    ) {
        tally.failed.add(1, ordering: .relaxed)
        tally.fail(reason)
        hasFailed = true
        end(attempt, outcome, now, reason)
        if case .refused = outcome, attempt.earlier == 0 {
            let upload = event.upload.description
            parts.report(
                isPlace
                    ? .notPlaced(place: tally.name, upload: upload, reason: reason)
                    : .refused(
                        target: tally.name, event: parts.id(event.called), upload: upload, reason: reason))
        }
        if let bound = giveUpBound, event.waitingMilliseconds < bound {
            giveUp(event.sequence, event.called, event.upload, reason)
        }
    }

    private func end(
        _ attempt: DeliveryQueue.Attempt, _ outcome: DeliveryQueue.Outcome, _ now: Int64, _ reason: String
    ) {
        let wasTroubled = queue.isTroubled
        queue.end(attempt, outcome, now: now)
        let name = tally.name
        if queue.isTroubled, !wasTroubled {
            parts.report(
                isPlace ? .placeFailing(place: name, reason: reason) : .failing(target: name, reason: reason))
        }
        if wasTroubled, !queue.isTroubled {
            parts.report(isPlace ? .placeRecovered(place: name) : .recovered(target: name))
        }
    }

    /// The event, in full and as it is now; nil where the store cannot say that yet.
    private func event(of attempt: DeliveryQueue.Attempt) async -> UploadEvent? {
        do throws(StorageError) {
            if let event = attempt.event { return try await parts.store.settled(event) }
            let (before, sequence) = (attempt.sequence - 1, attempt.sequence)
            let found = try await parts.outbox.events(for: target, after: before, upTo: sequence, limit: 1)
            guard let event = found.first else { return nil }
            return try await parts.store.settled(event)
        } catch {
            return nil
        }
    }

    private func send(_ event: UploadEvent, on loop: isolated EventLoop) async -> DeliveryOutcome {
        let webhook: Webhook
        switch destination {
        case .program(let program):
            return await ProgramRun(program: program, nanosecondsMax: parts.configuration.programNanoseconds)
                .tell(event, id: parts.id(event.called), places, on: loop)
        case .webhook(let found): webhook = found
        case .place(let carrier):
            let sender = idleCarriers.popLast() ?? carrier.sender()
            let context = CarryContext(
                store: parts.store, outbox: parts.outbox, report: parts.report,
                isStopping: { [parts] in parts.isStopping })
            let outcome = await sender.carry(event, context, on: loop)
            idleCarriers.append(sender)
            return outcome
        }
        let sender = idle.popLast() ?? WebhookSender(webhook, parts.configuration, tls: tls)
        let outcome = await sender.send(event, id: parts.id(event.called), to: webhook, places, on: loop)
        idle.append(sender)
        return outcome
    }
}
