internal import LinuxSystem
internal import Uploads

extension FinishedFile {
    /// As it was opened.
    func found(_ file: DeliveredFile) -> FinishedFile {
        FinishedFile(
            name: name, length: file.size, finishedNanoseconds: finishedNanoseconds,
            modifiedNanoseconds: file.modifiedNanoseconds, sha256: isStill(file) ? sha256 : nil)
    }

    /// Whether it seems to be what was delivered: as long, and not written to since.
    func isStill(_ file: DeliveredFile) -> Bool {
        let (late, overflow) = finishedNanoseconds.addingReportingOverflow(StorageLimits.digestTrustedNanoseconds)
        return file.size == length && (overflow || file.modifiedNanoseconds <= late)
    }
}

extension Upload {
    /// Under which names finished files of its own stand, or may still stand.
    var ownNames: [CleanName] { older + (finished.map { [$0.name] } ?? []) }

    /// The record with another offset.
    ///
    /// - Parameter digestState: of a digest over the bytes below it.
    func at(_ offset: Offset, digestState: [UInt8]? = nil) -> Upload {
        var moved = self
        moved.offset = offset
        moved.digestState = digestState
        return moved
    }

    /// The record with all its bytes delivered under its name.
    ///
    /// - Parameter sha256: of these bytes, where it is known.
    func delivered(length: Int64, seconds: Int64, sha256: [UInt8]? = nil) -> Upload {
        var finished = at(Offset(length))
        finished.state = .finished
        finished.length = length
        finished.expiresSeconds = nil
        if let before = self.finished { finished.older.append(before.name) }
        finished.older.removeAll { $0 == name }
        // The second is that of the store's own clock, which does not leap; its parts only tell deliveries apart.
        let start = FinishedFile.nanoseconds(ofSecond: seconds)
        let (nanoseconds, overflow) = start.addingReportingOverflow(SystemClock.wallNanoseconds % 1_000_000_000)
        finished.finished = FinishedFile(
            name: name, length: length, finishedNanoseconds: overflow ? start : nanoseconds, sha256: sha256)
        return finished
    }

    /// The record after an attempt to replace a finished file that came to nothing: the file is as it was.
    func returned(to file: FinishedFile) -> Upload {
        var finished = at(Offset(file.length))
        finished.state = .finished
        finished.name = file.name
        finished.length = file.length
        finished.expiresSeconds = nil
        return finished
    }
}
