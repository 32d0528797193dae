internal import CEpollShim

/// Variables of the process. `getenv(3)`
public enum Environment {
    /// All of them, as bytes: names and values are no texts for the system. Of one name the first counts. From any
    /// thread, once nothing is taken any more.
    public static var all: [(name: [UInt8], value: [UInt8])] {
        var all: [(name: [UInt8], value: [UInt8])] = []
        while let text = cshim_environment_at(all.count) {
            let bytes = UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
            let name = bytes.prefix { $0 != UInt8(ascii: "=") }
            all.append((Array(name), Array(bytes.dropFirst(name.count + 1))))
        }
        return all
    }

    // MARK: Only for the main thread, before any other thread runs

    /// The value, and the variable is gone: what it says is for this process alone, not for any that it starts.
    static func take(_ name: String) -> String? {
        guard let value = cshim_environment(name).map({ String(cString: $0) }) else { return nil }
        cshim_environment_remove(name)
        return value
    }
}
