/// Those who wait for the loop's time, first come, first served. Confined to the loop.
struct WaitingLine<Element> {
    private var waiting: ContiguousArray<Element> = []
    private var first = 0

    /// How many wait.
    var count: Int { waiting.count - first }

    mutating func append(_ element: Element) { waiting.append(element) }

    mutating func append(contentsOf elements: some Sequence<Element>) { waiting.append(contentsOf: elements) }

    mutating func popFirst() -> Element? {
        guard first < waiting.count else { return nil }
        let element = waiting[first]
        first += 1
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            first = 0
        } else if first >= 1024, first * 2 >= waiting.count {
            waiting.removeSubrange(..<first)
            first = 0
        }
        return element
    }
}
