/// What somebody has probably meant who wrote a name that there is not.
enum NearestName {
    /// The name with the fewest letters to change, add, drop or swap with their neighbour; nil where that would be a
    /// third of it, or more than three.
    static func of(_ name: String, among names: [String]) -> String? {
        let wanted = Array(name.utf8.prefix(lengthMax))
        let best = names.map { (name: $0, distance: distance(wanted, Array($0.utf8))) }.min {
            $0.distance < $1.distance
        }
        guard let best, best.distance <= min(3, max(1, wanted.count / 3)) else { return nil }
        return best.name
    }

    /// Longer names are nobody's slip.
    private static let lengthMax = 64

    /// Damerau and Levenshtein's, with each pair of letters swapped once at most.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var (before, last) = ([Int](), Array(0...right.count))
        for row in left.indices {
            var next = [row + 1]
            for column in right.indices {
                var cost = min(next[column], last[column + 1]) + 1
                cost = min(cost, last[column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, before[column - 1] + 1)
                }
                next.append(cost)
            }
            (before, last) = (last, next)
        }
        return last[right.count]
    }
}
