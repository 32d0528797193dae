public import HTTP

/// What `body` refuses with; nil if it does not refuse.
public func refusal<T>(_ body: () throws -> T) -> Refusal? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? Refusal
    }
}
