/// The bounds of the store that no option changes.
public enum StorageLimits {
    /// From how many aligned bytes on a piece of a write goes past the page cache. Below that a direct write costs more
    /// than the copy that it saves.
    public static let directBytesMin = 64 << 10
    /// Up to how many bytes a body that comes whole is small: it is kept in memory until it can be delivered with its
    /// neighbours.
    public static let smallBytesMax = 64 << 10
    /// The most small bodies in memory, of `smallBytesMax` bytes each. Further ones are written like large ones.
    public static let smallBuffersMax = 256
    /// Progress in bytes after which an append records a checkpoint.
    public static let checkpointBytes: Int64 = 64 << 20
    /// Time since the last checkpoint in nanoseconds, after which less progress is worth recording.
    public static let checkpointNanoseconds: Int64 = 5_000_000_000
    /// The least progress in bytes that is worth a checkpoint.
    public static let checkpointProgressBytesMin: Int64 = 256 << 10
    /// Open uploads unless told otherwise, where the disk has room for so many …
    public static let openUploadsMost = 1_000_000
    /// … and where it has none: what has begun can still be finished.
    public static let openUploadsLeast = 1000
    /// What an open upload is reckoned with, in bytes: its record, and a file, of which there may be one for so many
    /// bytes of a file system (the inode ratio of mke2fs).
    public static let openUploadBytes: Int64 = 16 << 10
    /// One part in so many of the free space may go into that.
    public static let openUploadsShare: Int64 = 10
    /// For how long after its last byte an append counts as moving, in nanoseconds.
    static let movingNanoseconds: Int64 = 500_000_000
    /// The least time in nanoseconds between two checkpoints of an append that are only made because somebody asks.
    static let askedCheckpointNanoseconds: Int64 = 200_000_000
    /// For how many seconds after its end a finished upload is known whose file was taken away: the answer may have
    /// been lost, and its client asks again. Later the same file is a new one.
    static let takenSeconds: Int64 = 86_400
    /// From how many bytes to come on it is checked first whether they fit; fewer find out when they are written.
    public static let fitCheckedBytesMin: Int64 = 1 << 20
    /// The most bytes that are reserved on the disk ahead of an append whose end is known; no more than it has brought.
    public static let reservationBytes: Int64 = 64 << 20
    /// How many bytes an append has brought before anything is reserved for it.
    static let reservedMin: Int64 = 1 << 20
    /// The numbers that a file may get where other files have its name.
    static let numberedNamesMax = 10_000
    /// The most changes that share one commit of the catalogue.
    public static let changesPerCommitMax = 4096
    /// Records of uploads at rest that are kept in memory.
    public static let cachedRecordsMax = 16_384
    /// What such records hold at most, in bytes: of ordinary ones the number above comes first.
    public static let cachedRecordBytesMax = 16 << 20
    /// Owners of whom memory knows what they have, with more of whom it forgets those that nobody needs to know of.
    static let cachedOwnersMin = 4096
    /// The most threads that do disk work.
    public static let diskThreadsMax = 64

    /// How many uploads may be open at once, unless told, on a disk with so many free bytes.
    public static func openUploadsMax(freeBytes: Int64) -> Int {
        min(openUploadsMost, max(openUploadsLeast, Int(freeBytes / openUploadsShare / openUploadBytes)))
    }

    /// Pages of 4 KiB after which SQLite's log is carried over into the catalogue. Half of what the first piece of the
    /// log's index holds, so that a full disk is met while writing the log, which can be taken back, and not the index.
    static let catalogueLogPages = 2000
    /// After so many more where the log could not begin anew then, because somebody read.
    static let catalogueLogPagesAgain = 250
    /// Pages of a log (64 MiB) that takes no more while it cannot be carried over. It is told of where it grows only
    /// because somebody reads one state of the catalogue all the while.
    static let catalogueLogPagesMax = 16_384
    /// Bytes of a page in that log.
    static let catalogueLogPageBytes: Int64 = 4096 + 24
    /// Bytes of that log as it mostly is at its longest: those pages, and a commit beyond them.
    static let catalogueLogBytes = Int64(catalogueLogPages + 64) * catalogueLogPageBytes
    /// For how long nothing has changed when a log is carried over that is shorter, in nanoseconds.
    static let catalogueIdleNanoseconds: Int64 = 30_000_000_000
    /// Journal and log take space in advance only where their file system has so many times as much left.
    static let freeSpaceFactor: Int64 = 4
    /// For how long an answer to the question for free space is good, in nanoseconds.
    static let spaceKeptNanoseconds: Int64 = 1_000_000_000
    /// How long that question may take before a file system counts as one that does not answer, in nanoseconds.
    static let spaceAnswerNanosecondsMax: Int64 = 2_000_000_000
    /// How long one step of a thread that everybody needs may take before the store counts as one that stands still, in
    /// nanoseconds: as long as that question.
    static let stepNanosecondsMax = spaceAnswerNanosecondsMax
    /// How long no sync may begin although some wait, in nanoseconds: one that is well under way takes as long as the
    /// disk has to write, and a busy disk is no reason to send everybody elsewhere.
    static let syncStepNanosecondsMax: Int64 = 10_000_000_000
    /// Steps that put files together and run at the same time: more would only make the disk seek.
    static let assemblyStepsMax = 2
    /// Bytes copied by one such step, before the next one in line has its turn.
    static let assemblyStepBytes: Int64 = 64 << 20
    /// Bytes reserved by one such step: the file system makes a list of as many blocks.
    static let assemblyReservationBytes: Int64 = 8 << 30
    /// How long the catalogue waits for somebody who reads it with a shell, in milliseconds.
    static let catalogueBusyMilliseconds = 5000
    /// How long a catalogue that could not be written rests before it is tried again, in nanoseconds.
    static let catalogueRetryNanoseconds: Int64 = 1_000_000_000
    /// Bytes on the disk beyond a recorded offset that are worth giving back at the start.
    static let surplusBytesMin: Int64 = 64 << 10
    /// Files looked at by the sweep before it pauses.
    static let sweepStepFiles = 64
    /// The length of that pause in nanoseconds.
    static let sweepPauseNanoseconds: Int64 = 1_000_000
    /// How long after something was left behind the sweep looks again, in nanoseconds, and how long it waits at most
    /// between two looks while something stays in the way.
    static let sweepRetryNanosecondsMin: Int64 = 1_000_000_000
    static let sweepRetryNanosecondsMax: Int64 = 600_000_000_000
    /// The least and the most seconds between two walks through the catalogue for records to forget; in between, a
    /// tenth of the time that they are kept.
    static let recordSweepSecondsMin: Int64 = 1
    static let recordSweepSecondsMax: Int64 = 86_400
    /// An operator is told of waiting events when all but one part in so many of their room is taken.
    static let eventsWarningShare = 5
    /// Where the oldest events are dropped, one part in so many of the room is made free at once.
    static let eventsDroppedShare = 16
    /// Events that were given up and are kept to be told again, of all targets together: about as many KiB.
    static let eventsGivenUpMax = 10_000
    /// Up to how many bytes a catalogue is looked through at once after the start; in less than a second.
    static let quickCheckBytesMax: Int64 = 64 << 20
    /// Rows of a larger one that are looked at before a pause.
    static let catalogueSliceRows: Int64 = 4096
    /// Rows that one step of a list looks at: a few milliseconds, in which nobody reads another record.
    static let listedRowsMax = 1024
    /// The most that the state of a digest may take in a record, in bytes.
    static let digestStateBytesMax = 128
    /// A finished file that was written so much later than its record says is another one by now, in nanoseconds: small
    /// ones are written after their record is made, with others.
    static let digestTrustedNanoseconds: Int64 = 10_000_000_000
    /// Uploads in motion that are looked at for those that take bytes, under the lock of all.
    static let listedMovingMax = 1024
    /// Changes that are kept for who watches, at least; at most twice as many, of less than a KiB each.
    static let feedItemsMax = 2048
    /// How long they are kept when the last watcher has gone, in nanoseconds: it may come back.
    static let feedKeptNanoseconds: Int64 = 60_000_000_000
    /// Steps of SQLite's machine between two looks at whether it is to stop; less than a millisecond's work.
    static let catalogueStepsBetweenLooks: Int32 = 10_000
    /// The most problems of a damaged catalogue that a check tells of.
    static let checkProblemsMax = 20
    /// Reads that are spent on a damaged catalogue before the rest of it is given up.
    static let salvageReadsMax = 20_000
    /// Gaps of fewer rows, less than one page holds, are given up.
    static let salvageGapRowsMin: Int64 = 8

    /// Uploads of another server's that are taken over with one commit, and one sync of all that they brought.
    static let importedAtOnce = 256
    /// Bytes of a file that are copied at a time, where its blocks cannot be shared.
    static let importPieceBytes = 1 << 20
    /// Bytes of a file that are copied to a folder in one step, and written before the next one.
    static let folderStepBytes: Int64 = 64 << 20

    /// How often it is looked whether the catalogue's database is in its place, while something is recorded.
    static let databaseLookNanoseconds: Int64 = 1_000_000_000
}
