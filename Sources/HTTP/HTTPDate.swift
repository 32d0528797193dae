/// A time to the second, written as HTTP writes it (IMF-fixdate, RFC 9110 5.6.7). Pure arithmetic; the clock is read
/// elsewhere.
public struct HTTPDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since the start of 1970 in UTC, leap seconds not counted; the years 1 to 9999.
    public let secondsSince1970: Int64

    /// A time outside the years that can be written becomes the nearest one inside.
    public init(secondsSince1970: Int64) {
        self.secondsSince1970 = min(max(secondsSince1970, -62_135_596_800), 253_402_300_799)
    }

    public static func < (left: HTTPDate, right: HTTPDate) -> Bool { left.secondsSince1970 < right.secondsSince1970 }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Like `Sun, 06 Nov 1994 08:49:37 GMT`.
    public var description: String {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 29 bytes.
    public func write(into bytes: inout [UInt8]) {
        let second = secondsSince1970.remainder(86400)
        let day = (secondsSince1970 - second) / 86400
        let (year, month, dayOfMonth) = HTTPDate.civil(day)
        bytes.append(addingCapacity: 29) { (output: inout OutputSpan<UInt8>) in
            // 1 January 1970 was a Thursday.
            HTTPDate.append(HTTPDate.weekdays[Int((day + 4).remainder(7))], to: &output)
            output.append(.comma)
            output.append(.space)
            output.append(decimal: UInt64(dayOfMonth), digits: 2)
            output.append(.space)
            HTTPDate.append(HTTPDate.months[Int(month - 1)], to: &output)
            output.append(.space)
            output.append(decimal: UInt64(year), digits: 4)
            output.append(.space)
            output.append(decimal: UInt64(second / 3600), digits: 2)
            output.append(.colon)
            output.append(decimal: UInt64(second / 60 % 60), digits: 2)
            output.append(.colon)
            output.append(decimal: UInt64(second % 60), digits: 2)
            HTTPDate.append(" GMT", to: &output)
        }
    }

    /// Reads any of the three forms of RFC 9110 5.6.7: the one that `write` writes, and the two obsolete ones, that of
    /// RFC 850 (`Sunday, 06-Nov-94 08:49:37 GMT`) and that of C's asctime (`Sun Nov  6 08:49:37 1994`).
    ///
    /// - Parameter now: a year of two digits is the last one of these that is not more than 50 years ahead of it.
    public init?(anyForm text: String, now: HTTPDate) {
        let bytes = Array(text.utf8)
        guard let date = HTTPDate(bytes) ?? HTTPDate(asctime: bytes) ?? HTTPDate(rfc850: bytes, now: now) else {
            return nil
        }
        self = date
    }

    /// Reads exactly the form that `write` writes, weekday checked; nil for anything else. A leap second is the first
    /// of the next minute.
    public init?(_ text: String) { self.init(Array(text.utf8)) }

    private init?(_ bytes: [UInt8]) {
        guard bytes.count == 29, bytes[3] == .comma, [4, 7, 11, 16].allSatisfy({ bytes[$0] == .space }),
            bytes[19] == .colon, bytes[22] == .colon, bytes[25...].elementsEqual(" GMT".utf8),
            let weekday = HTTPDate.weekdays.firstIndex(where: { $0.utf8.elementsEqual(bytes[..<3]) }),
            let dayOfMonth = Int64(digits: bytes, 5..<7), let year = Int64(digits: bytes, 12..<16),
            let seconds = HTTPDate.seconds(year, bytes[8..<11], dayOfMonth, weekday: weekday, bytes, clock: 17)
        else { return nil }
        self.init(secondsSince1970: seconds)
    }

    private init?(asctime bytes: [UInt8]) {
        // The day's first digit may be a space.
        guard bytes.count == 24, [3, 7, 10, 19].allSatisfy({ bytes[$0] == .space }), bytes[13] == .colon,
            bytes[16] == .colon,
            let weekday = HTTPDate.weekdays.firstIndex(where: { $0.utf8.elementsEqual(bytes[..<3]) }),
            let dayOfMonth = Int64(digits: bytes, bytes[8] == .space ? 9..<10 : 8..<10),
            let year = Int64(digits: bytes, 20..<24),
            let seconds = HTTPDate.seconds(year, bytes[4..<7], dayOfMonth, weekday: weekday, bytes, clock: 11)
        else { return nil }
        self.init(secondsSince1970: seconds)
    }

    private init?(rfc850 bytes: [UInt8], now: HTTPDate) {
        let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        guard let weekday = days.firstIndex(where: { bytes.starts(with: $0.utf8) }) else { return nil }
        let start = days[weekday].utf8.count
        guard bytes.count == start + 24, bytes[start] == .comma, bytes[start + 1] == .space,
            bytes[start + 4] == .dash, bytes[start + 8] == .dash, bytes[start + 11] == .space,
            bytes[start + 14] == .colon, bytes[start + 17] == .colon, bytes[(start + 20)...].elementsEqual(" GMT".utf8),
            let dayOfMonth = Int64(digits: bytes, start + 2..<start + 4),
            let digits = Int64(digits: bytes, start + 9..<start + 11)
        else { return nil }
        let thisYear = HTTPDate.civil((now.secondsSince1970 - now.secondsSince1970.remainder(86400)) / 86400).year
        var year = thisYear - thisYear.remainder(100) + 100 + digits
        while year > thisYear + 50 { year -= 100 }
        // The weekday cannot be checked: which century is meant is a guess.
        guard
            let seconds = HTTPDate.seconds(
                year, bytes[start + 5..<start + 8], dayOfMonth, weekday: nil, bytes, clock: start + 12)
        else { return nil }
        self.init(secondsSince1970: seconds)
    }

    /// Seconds since 1970 of a date whose time of day stands at `clock` in `bytes`; nil for one that does not exist.
    private static func seconds(
        _ year: Int64, _ monthName: ArraySlice<UInt8>, _ dayOfMonth: Int64, weekday: Int?, _ bytes: [UInt8], clock: Int
    ) -> Int64? {
        guard let month = months.firstIndex(where: { $0.utf8.elementsEqual(monthName) }),
            let hour = Int64(digits: bytes, clock..<clock + 2),
            let minute = Int64(digits: bytes, clock + 3..<clock + 5),
            let second = Int64(digits: bytes, clock + 6..<clock + 8), year > 0, hour < 24, minute < 60, second <= 60
        else { return nil }
        let day = days(year, Int64(month + 1), dayOfMonth)
        guard civil(day) == (year, Int64(month + 1), dayOfMonth), weekday.map({ (day + 4).remainder(7) == $0 }) ?? true
        else { return nil }
        return day * 86400 + hour * 3600 + minute * 60 + second
    }

    /// Days in the 400 years after which the Gregorian calendar repeats itself.
    private static let cycle: Int64 = 146_097
    /// Days from 1 March of year 0 to 1 January 1970. Years that start in March end with the leap day.
    private static let epoch: Int64 = 719_468

    /// Days since 1970 of a date of the Gregorian calendar, year 1 or later; wrong days run over into the next month.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = ((month + 9) % 12 * 153 + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - epoch
    }

    /// The date `days` after 1 January 1970.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + epoch
        let dayOfCycle = shifted.remainder(cycle)
        // Take out the leap days before this one, then every year has 365 days.
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = (shifted - dayOfCycle) / cycle * 400 + yearOfCycle
        return (month < 10 ? year : year + 1, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func append(_ text: String, to output: inout OutputSpan<UInt8>) {
        let utf8 = text.utf8.span
        for index in utf8.indices { output.append(utf8[index]) }
    }
}

extension Int64 {
    /// The remainder that is never negative.
    fileprivate func remainder(_ divisor: Int64) -> Int64 {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
