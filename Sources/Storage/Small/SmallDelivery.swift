internal import LinuxSystem
internal import Uploads

/// Delivers the small bodies of a batch of changes, around the one commit that records them all. Confined to the
/// catalogue's thread: a small body then needs no other.
///
/// | step                                        | power                         | process |
/// |---------------------------------------------|-------------------------------|---------|
/// | the bodies of the batch go into the journal | one write and one sync        | –       |
/// | each gets `complete/<id>/`, empty           | one mkdir, no sync            | same    |
/// | each goes to `uploads/<id>`                 | one write, no sync            | same    |
/// | their records are committed                 | one transaction, one sync     | no sync |
/// | each goes to `complete/<id>/<name>`         | one rename, no sync           | same    |
///
/// The file goes to its name only when its record is committed, so that none is ever nameless. A crash between the two
/// leaves a finished record without its file; `Recovery` and `Sweeper` find the file in `uploads`, and after a loss of
/// power `JournalReplay` has written it there again before they look.
final class SmallDelivery {
    private let files: StoreFiles
    private let journal: Journal?
    private let health: StoreHealth
    private let pulse: ThreadPulse

    init(files: StoreFiles, journal: Journal?, health: StoreHealth, pulse: ThreadPulse) {
        self.pulse = pulse
        self.files = files
        self.journal = journal
        self.health = health
    }

    /// Puts the bytes of every small body where a commit may refer to them.
    func prepare(_ steps: inout [CatalogueStep]) {
        if let failure = health.failure {
            for index in steps.indices where steps[index].small != nil { steps[index].outcome = .failed(failure) }
            return
        }
        keepReserve(&steps)
        if files.durability == .power {
            enterJournal(&steps)
        } else {
            for index in steps.indices where steps[index].small != nil {
                steps[index].journal = CatalogueRow.unjournaled
            }
        }
        makePlaces(&steps)
        for index in steps.indices where steps[index].outcome == .goes {
            guard let body = steps[index].small else { continue }
            pulse.beat()
            do throws(StorageError) {
                try files.writeSmall(body.finished.id, body.buffer.memory, count: body.count)
            } catch {
                files.report(.appendFailed(body.finished.id, error))
                steps[index].outcome = .failed(error)
                files.removeSmall(body.finished.id)
            }
        }
    }

    /// Where something is in a body's place already it may have the name of the file: such a body goes the way of large
    /// ones, which look.
    private func makePlaces(_ steps: inout [CatalogueStep]) {
        for index in steps.indices where steps[index].outcome == .goes {
            guard let id = steps[index].small?.finished.id else { continue }
            pulse.beat()
            do throws(StorageError) {
                if try !files.makePlace(id) { steps[index].outcome = .refused }
            } catch {
                files.report(.appendFailed(id, error))
                steps[index].outcome = .failed(error)
            }
        }
    }

    /// Has bodies that do not fit go the way of large ones, which tells them so.
    private func keepReserve(_ steps: inout [CatalogueStep]) {
        if files.reserveBytes == 0 { return }
        let bytes = steps.reduce(Int64(0)) { $0 + Int64($1.small?.count ?? 0) }
        if bytes == 0 || (try? files.checkFits(bytes)) != nil { return }
        for index in steps.indices where steps[index].small != nil && steps[index].outcome == .goes {
            steps[index].outcome = .refused
        }
    }

    private func enterJournal(_ steps: inout [CatalogueStep]) {
        let indices = steps.indices.filter { steps[$0].small != nil && steps[$0].outcome == .goes }
        var rest = indices[...]
        while !rest.isEmpty {
            let part = rest.prefix(JournalLimits.bodiesPerBatchMax)
            rest = rest.dropFirst(part.count)
            pulse.beat()
            let number = journal?.write(part.map { steps[$0].small! })
            for index in part {
                if let number { steps[index].journal = number } else { steps[index].outcome = .refused }
            }
        }
    }

    /// Gives each file whose record is committed its name, and takes away what the others have left.
    func conclude(_ steps: inout [CatalogueStep]) {
        for index in steps.indices {
            guard let body = steps[index].small else { continue }
            pulse.beat()
            switch steps[index].outcome {
            case .goes:
                do throws(StorageError) {
                    try files.nameRecorded(body.finished.id, body.finished.name)
                } catch {
                    // The record is true, and the bytes are where the next look at it finds them.
                    files.report(.appendFailed(body.finished.id, error))
                    steps[index].outcome = .failed(error)
                }
            case .failed(.outdated), .failed(.misuse): break
            case .failed:
                // A commit that may come back at the next start needs the bytes.
                if health.failure == nil { files.removeSmall(body.finished.id) }
            case .refused: break
            }
        }
        journal?.batchEnded()
    }
}
