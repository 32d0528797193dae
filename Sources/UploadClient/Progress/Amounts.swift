/// Numbers as people read them.
enum Amounts {
    private static let units = ["B", "KiB", "MiB", "GiB", "TiB"]

    /// `999 B`, `1.5 KiB`, `12.0 GiB`.
    static func bytes(_ count: Int64) -> String {
        let unit = unit(of: count)
        return "\(number(count, in: unit)) \(units[unit])"
    }

    /// `1.2/2.0 GiB`, always as wide as `2.0/2.0 GiB`, so that nothing behind it moves.
    static func bytes(_ done: Int64, of total: Int64) -> String {
        let unit = unit(of: total)
        let whole = number(total, in: unit)
        return padded(number(done, in: unit), whole.count) + "/\(whole) \(units[unit])"
    }

    /// `84.3 MiB/s`, ten columns or more.
    static func rate(_ bytesPerSecond: Double) -> String { padded(perSecond(bytesPerSecond), 12) }

    /// `84.3 MiB/s`, as narrow as it is.
    static func perSecond(_ bytesPerSecond: Double) -> String {
        bytes(Int64(max(0, min(bytesPerSecond, 1e15)))) + "/s"
    }

    /// ` 62%`; 100 only when all is there.
    static func percent(_ done: Int64, of total: Int64) -> String {
        padded("\(wholePercent(done, of: total))%", 4)
    }

    static func wholePercent(_ done: Int64, of total: Int64) -> Int {
        total > 0 ? Int(Double(min(done, total)) / Double(total) * 100) : 100
    }

    /// `0:07`, `12:05`, `3:02:11`, `4 d`.
    static func duration(seconds: Int64) -> String {
        let seconds = max(0, seconds)
        if seconds >= 100 * 3600 { return "\(seconds / 86_400) d" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        let tail = two(seconds % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(tail)" : "\(minutes):\(tail)"
    }

    static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The largest unit of which there is a whole one.
    private static func unit(of count: Int64) -> Int {
        var unit = 0
        while unit + 1 < units.count, count >> Int64(10 * (unit + 1)) > 0 { unit += 1 }
        return unit
    }

    /// With one decimal, rounded down: never more than there is.
    private static func number(_ count: Int64, in unit: Int) -> String {
        guard unit > 0 else { return String(count) }
        let factor = Int64(1) << Int64(10 * unit)
        return "\(count / factor).\(count % factor * 10 / factor)"
    }
}
