import Testing
import Uploads

@Suite struct OwnerLimitsTests {
    private static let limits = OwnerLimits(bytesMax: 100, filesMax: 3, openMax: 2)

    struct Row: Sendable {
        let from: Usage
        let next: Usage
        let bound: OwnerBound?

        init(_ from: (Int64, Int64, Int64), _ next: (Int64, Int64, Int64), _ bound: OwnerBound?) {
            self.from = Usage(bytes: from.0, files: from.1, open: from.2)
            self.next = Usage(bytes: next.0, files: next.1, open: next.2)
            self.bound = bound
        }
    }

    @Test(arguments: [
        Row((0, 0, 0), (100, 3, 2), nil), Row((0, 0, 0), (101, 1, 1), .bytes), Row((50, 3, 0), (60, 4, 1), .files),
        Row((50, 2, 2), (60, 3, 3), .open),
        // Bounds may have been lowered: what does not grow goes on.
        Row((500, 9, 9), (500, 9, 9), nil), Row((500, 9, 9), (400, 9, 9), nil), Row((500, 9, 9), (501, 9, 9), .bytes),
        Row((500, 9, 9), (500, 10, 9), .files), Row((0, 0, 0), (.max, 0, 0), .bytes),
    ])
    func `what grows beyond a bound is refused, to the byte`(row: Row) {
        #expect(OwnerLimitsTests.limits.bound(against: row.next, from: row.from) == row.bound)
        #expect(OwnerLimits.none.bound(against: row.next, from: row.from) == nil)
    }

    @Test(arguments: [
        // A part begins where there is room for the file that it is a piece of …
        Row((0, 0, 0), (1, 0, 1), nil), Row((0, 2, 0), (1, 2, 1), nil), Row((0, 3, 0), (1, 3, 1), .files),
        // … and while less is unfinished than sixteen times what there may be of files.
        Row((0, 0, 47), (1, 0, 48), nil), Row((0, 0, 48), (1, 0, 49), .files),
        // It goes on wherever it was begun.
        Row((0, 9, 9), (50, 9, 9), nil),
    ])
    func `parts of files are bounded by the number of files`(row: Row) {
        let limits = OwnerLimits(bytesMax: 100, filesMax: 3)
        #expect(limits.bound(against: row.next, from: row.from, isPart: true) == row.bound)
        // The same step of a file that is there and is sent anew.
        #expect(limits.bound(against: row.next, from: row.from) == nil)
        #expect(OwnerLimits.none.bound(against: row.next, from: row.from, isPart: true) == nil)
    }

    @Test func `what is said of one counts in place of what is said of all`() {
        let told = OwnerLimits(bytesMax: 0, openMax: 5)
        #expect(
            OwnerLimitsTests.limits.overridden(by: told) == OwnerLimits(bytesMax: 0, filesMax: 3, openMax: 5))
        #expect(OwnerLimitsTests.limits.overridden(by: .none) == OwnerLimitsTests.limits)
        #expect(told.areBounded && !OwnerLimits.none.areBounded)
    }

    @Test func `sums that no number holds stay within bounds`() {
        let most = Usage(bytes: .max, files: .max, open: .max)
        #expect(most.adding(most) == most)
        #expect(Usage.none.subtracting(most) == .none)
        #expect(most.subtracting(.none) == most)
    }

    struct Counted: Sendable {
        let state: UploadState
        var offset: Int64 = 0
        var length: Int64?
        var finished: Int64?
        var isPart = false
        let usage: (Int64, Int64, Int64)
    }

    @Test(arguments: [
        Counted(state: .open, offset: 5, usage: (5, 1, 1)),
        Counted(state: .open, offset: 5, length: 9, usage: (9, 1, 1)),
        Counted(state: .open, offset: 5, length: 9, finished: 7, usage: (16, 1, 1)),
        Counted(state: .open, length: 9, isPart: true, usage: (9, 0, 1)),
        Counted(state: .finished, offset: 7, length: 7, finished: 7, usage: (7, 1, 0)),
        Counted(state: .failed, offset: 5, length: 9, usage: (0, 0, 0)),
        Counted(state: .failed, offset: 5, length: 9, finished: 7, usage: (7, 1, 0)),
        Counted(state: .expired, length: 9, usage: (0, 0, 0)),
    ])
    func `an upload counts for what is there, and for what it has promised`(row: Counted) {
        var upload = Upload(
            id: UploadID(high: 0, low: 1), dialect: .tus, state: row.state, offset: Offset(row.offset),
            length: row.length, name: .fallback, createdSeconds: 0)
        if let length = row.finished {
            upload.finished = FinishedFile(name: .fallback, length: length, finishedNanoseconds: 0)
        }
        if row.isPart { upload.concatenation = Concatenation(.partial, text: "partial") }
        #expect(upload.usage == Usage(bytes: row.usage.0, files: row.usage.1, open: row.usage.2))
    }
}
