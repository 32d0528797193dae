internal import Uploads

/// Gives the files of groups their names, right after the commit that records all of them as finished. Confined to the
/// catalogue's thread, so that nobody is told of a finished upload before its file has its name.
struct GroupDelivery {
    let files: StoreFiles
    let pulse: ThreadPulse

    func conclude(_ steps: inout [CatalogueStep]) {
        for index in steps.indices where steps[index].outcome == .goes {
            guard case .finish(let upload) = steps[index].change.content else { continue }
            pulse.beat()
            do throws(StorageError) { try files.nameRecorded(upload.id, upload.name) } catch {
                // The record is true, and the bytes are where the next look at it finds them.
                files.report(.appendFailed(upload.id, error))
                steps[index].outcome = .failed(error)
            }
        }
    }
}
