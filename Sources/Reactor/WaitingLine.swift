/// Those who wait, first come, first served. Confined to whoever has it.
public struct WaitingLine<Element> {
    private var waiting: ContiguousArray<Element?> = []
    private var first = 0

    /// An empty one.
    public init() {}

    /// How many wait.
    public var count: Int { waiting.count - first }

    /// Takes one in, as the last.
    public mutating func append(_ element: Element) { waiting.append(element) }

    mutating func append(contentsOf elements: some Sequence<Element>) {
        waiting.append(contentsOf: elements.lazy.map(Optional.some))
    }

    /// Takes the first one out; nil where nobody waits.
    public mutating func popFirst() -> Element? {
        guard first < waiting.count else { return nil }
        let element = waiting[first].take()
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
