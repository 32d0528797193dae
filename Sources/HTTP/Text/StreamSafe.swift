extension String {
    /// The text with no run of more than 30 combining marks: behind each thirtieth stands a joiner (U+034F), as in the
    /// Stream-Safe Text Format (UAX #15, D4). Almost every text stays what it is.
    ///
    /// What comes from a client is made so wherever its bytes become text. Swift composes text to compare or to hash
    /// it, and composing sorts a run of marks, in a time that grows with the square of its length: without a bound one
    /// field of a head keeps a loop busy for 100 ms.
    public var streamSafe: String {
        // The first mark there is, U+0300, begins with this byte.
        guard utf8.contains(where: { $0 >= 0xCC }), String.hasLongRun(unicodeScalars) else { return self }
        var (safe, run) = (String.UnicodeScalarView(), 0)
        for scalar in unicodeScalars {
            run = scalar.isCombiningMark ? run + 1 : 0
            if run > String.marksMax {
                safe.append("\u{034F}")
                run = 1
            }
            safe.append(scalar)
        }
        return String(safe)
    }

    /// Combining marks in a row that need no joiner. The longest that a language needs is 18.
    static let marksMax = 30

    private static func hasLongRun(_ scalars: UnicodeScalarView) -> Bool {
        var run = 0
        for scalar in scalars {
            run = scalar.isCombiningMark ? run + 1 : 0
            if run > marksMax { return true }
        }
        return false
    }
}

extension Unicode.Scalar {
    /// Whether composing may move it past its neighbours, and a few more: all that have a combining class, or are
    /// composed of such, are marks. The joiner never moves.
    fileprivate var isCombiningMark: Bool {
        guard value >= 0x300, value != 0x34F else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }
}
