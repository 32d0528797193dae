internal import Events
internal import Reactor
internal import Storage
internal import Uploads

/// Brings one file after another to a folder. Confined to its loop and to one task at a time; disk threads work.
final class FolderSender: FileSender {
    private let carrier: FolderCarrier

    init(_ carrier: FolderCarrier) { self.carrier = carrier }

    func close(on loop: isolated EventLoop) async {}

    func carry(_ event: UploadEvent, _ context: CarryContext, on loop: isolated EventLoop) async -> DeliveryOutcome {
        let target = carrier.template.place(event)
        var brought: DeliveredState?
        do throws(FolderFailure) {
            if event.stage == .leaving {
                carrier.tally.begin(event.upload)
                defer { carrier.tally.end(event.upload) }
                guard try await place(event, target, context, &brought, on: loop) else { return .taken }
            }
            // A piece of a file that is put together here stays for that, and was brought nowhere.
            if !event.isPartial {
                if !carrier.keepsFiles, try await !removeHere(event, brought, context, on: loop) { return .unready }
                try await context.store.settleInFolder(event, target)
            }
            return .taken
        } catch {
            return FolderSender.outcome(error)
        }
    }

    private static func outcome(_ failure: FolderFailure) -> DeliveryOutcome {
        switch failure {
        case .away(let reason): .unreachable(reason, retryNanoseconds: nil)
        case .refused(let reason): .refused(reason)
        case .superseded, .local, .stopping: .unready
        }
    }

    /// Brings the file to its place and has it recorded. Answers false where there is none any more, and nothing left.
    private func place(
        _ event: UploadEvent, _ target: FolderPlace, _ context: CarryContext, _ brought: inout DeliveredState?,
        on loop: isolated EventLoop
    ) async throws(FolderFailure) -> Bool {
        var path: String?
        if !event.isPartial {
            do throws(FolderFailure) { path = try await bring(event, target, context, &brought, on: loop) } catch {
                guard error == .superseded else { throw error }
                try await context.store.removeFromFolder(event, target)
                return false
            }
            if path == nil {
                try await context.store.removeFromFolder(event, target)
                context.outbox.abandon(event)
                context.report(.nothingToPlace(place: carrier.name, upload: event.upload.description))
                return false
            }
        }
        switch await context.outbox.place(event, at: path.map { .file(path: $0) }) {
        case .recorded: break
        case .superseded:
            if path != nil { try await context.store.removeFromFolder(event, target) }
            return false
        case .closed: throw .stopping
        }
        if let path {
            context.report(.placed(upload: event.upload.description, place: path, bytes: event.length ?? 0))
        }
        return true
    }

    /// Answers where the file stands now; nil where somebody has taken it away, or changed it, before.
    private func bring(
        _ event: UploadEvent, _ target: FolderPlace, _ context: CarryContext, _ brought: inout DeliveredState?,
        on loop: isolated EventLoop
    ) async throws(FolderFailure) -> String? {
        let found: LocalStore.Leaving
        do throws(StorageError) { found = try await context.store.leaving(event) } catch { throw FolderFailure(error) }
        switch consume found {
        case .superseded: throw .superseded
        // A crash may have come between the file's place and its record.
        case .taken: return try await context.store.pathInFolder(event, target)
        case .file(let reader, _):
            let tally = carrier.tally
            let placed = try await context.store.bringToFolder(
                reader, of: event, to: target, isStopping: context.isStopping,
                count: { tally.count($0, of: event.upload) })
            brought = placed.state
            return placed.path
        }
    }

    /// Answers false while somebody holds the upload.
    private func removeHere(
        _ event: UploadEvent, _ brought: DeliveredState?, _ context: CarryContext, on loop: isolated EventLoop
    ) async throws(FolderFailure) -> Bool {
        do throws(StorageError) { return try await context.store.removePlaced(event, brought: brought) } catch {
            throw FolderFailure(error)
        }
    }
}
