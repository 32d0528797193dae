internal import CEpollShim

/// Variables of the process. `getenv(3)`; only for the main thread, before any other thread runs.
enum Environment {
    /// The value, and the variable is gone: what it says is for this process alone, not for any that it starts.
    static func take(_ name: String) -> String? {
        guard let value = cshim_environment(name).map({ String(cString: $0) }) else { return nil }
        cshim_environment_remove(name)
        return value
    }
}
