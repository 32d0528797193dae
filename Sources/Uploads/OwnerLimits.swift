/// What an owner's uploads may come to, unfinished ones counted in with what they have promised.
public struct OwnerLimits: Hashable, Sendable {
    /// Bytes; nil for any number.
    public var bytesMax: Int64?
    /// Files, unfinished ones counted in; nil for any number.
    public var filesMax: Int64?
    /// Unfinished uploads; nil for any number.
    public var openMax: Int64?

    public init(bytesMax: Int64? = nil, filesMax: Int64? = nil, openMax: Int64? = nil) {
        self.bytesMax = bytesMax
        self.filesMax = filesMax
        self.openMax = openMax
    }

    /// Without a bound.
    public static let none = OwnerLimits()

    /// Whether there is any bound.
    public var areBounded: Bool { self != .none }

    /// The same for somebody of whom something else was said.
    public func overridden(by others: OwnerLimits) -> OwnerLimits {
        OwnerLimits(
            bytesMax: others.bytesMax ?? bytesMax, filesMax: others.filesMax ?? filesMax,
            openMax: others.openMax ?? openMax)
    }

    /// Which bound a step goes beyond; nil where it may be done. What does not grow is never refused, whatever it comes
    /// to: bounds may have been lowered since.
    ///
    /// - Parameter isPart: whether it is a piece of a file that makes the step (`Upload.isPart`). It is no file, but
    ///   begins only where there is room for the file that it is a piece of, and while fewer uploads are unfinished
    ///   than `UploadLimits.piecesPerFile` for each file that there may be. So an owner whose pieces are as many as may
    ///   be can still have them put together.
    public func bound(against next: Usage, from usage: Usage, isPart: Bool = false) -> OwnerBound? {
        if OwnerLimits.exceeds(next.bytes, usage.bytes, bytesMax) { return .bytes }
        if OwnerLimits.exceeds(next.files, usage.files, filesMax) { return .files }
        if isPart, next.open > usage.open, let filesMax {
            let (piecesMax, overflow) = filesMax.multipliedReportingOverflow(by: UploadLimits.piecesPerFile)
            if next.files >= filesMax || !overflow && next.open > piecesMax { return .files }
        }
        if OwnerLimits.exceeds(next.open, usage.open, openMax) { return .open }
        return nil
    }

    private static func exceeds(_ next: Int64, _ now: Int64, _ max: Int64?) -> Bool {
        guard let max else { return false }
        return next > now && next > max
    }
}
