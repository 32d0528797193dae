internal import CEpollShim
internal import Synchronization

/// Sockets that are found by a path. `unix(7)`
public enum UnixSocket {
    /// Whether a path is short enough for a socket.
    public static func isPath(_ path: String) -> Bool {
        var address = sockaddr_storage()
        return path.withCString { cshim_path_address($0, &address) } > 0
    }

    /// Listens at a path. A socket that nobody listens at any more, left by a killed process, is removed first. Who
    /// looks, removes and binds in a directory holds its lock meanwhile, so that no two do so at once.
    ///
    /// - Parameters:
    ///   - mode: who may connect, by the permission bits of a file; nobody can before they are set.
    ///   - backlog: connections the kernel holds ready, 1 or more.
    /// - Throws: EADDRINUSE where somebody listens, or something else is there.
    public static func listening(at path: String, mode: UInt32, backlog: Int32) throws(Errno) -> Socket {
        var address = sockaddr_storage()
        let length = UInt32(try checked { path.withCString { cshim_path_address($0, &address) } })
        return try whileLocked(path, nanosecondsMax: 1_000_000_000) { () throws(Errno) in
            if isLeftOver(path, address, length) { _ = path.withCString { cshim_remove($0) } }
            let socket = try opened()
            let number = socket.descriptor.rawValue
            try checked { cshim_bind(number, &address, length) }
            try checked { path.withCString { cshim_chmod($0, mode) } }
            try checked { cshim_listen(number, backlog) }
            return socket
        }
    }

    /// Connects to whoever listens at a path. `connect(2)`
    ///
    /// - Throws: EAGAIN where as many wait there as may; ECONNREFUSED, ENOENT and the like where nobody listens.
    public static func connecting(to path: String) throws(Errno) -> Socket {
        var address = sockaddr_storage()
        let length = UInt32(try checked { path.withCString { cshim_path_address($0, &address) } })
        let socket = try opened()
        let number = socket.descriptor.rawValue
        try checked { cshim_connect(number, &address, length) }
        return socket
    }

    /// Takes a socket's name away where it still is what was put there. `unlink(2)`
    ///
    /// - Parameter file: what that was. No other file has its number while its socket is open.
    public static func remove(_ path: String, _ file: FileStatus) {
        // A moment: the lock may be another program's, or held for as long as a store is open.
        whileLocked(path, nanosecondsMax: 50_000_000) {
            if let now = try? FileStatus(of: FilePath(path), followingLinks: false),
                (now.device, now.number) == (file.device, file.number)
            {
                _ = path.withCString { cshim_remove($0) }
            }
        }
    }

    /// Runs `body` with the lock of a path's directory, if that can be had in time; else without it.
    private static func whileLocked<Value: ~Copyable, Failure: Error>(
        _ path: String, nanosecondsMax: Int64, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard let directory = try? Directory(path: parent) else { return try body() }
        let end = SystemClock.monotonicNanoseconds + nanosecondsMax
        let pause = Atomic<UInt32>(0)
        while (try? directory.lock()) == false, SystemClock.monotonicNanoseconds < end {
            Futex.wait(pause, while: 0, nanosecondsMax: 5_000_000)
        }
        let value = try body()
        _ = consume directory
        return value
    }

    private static func isLeftOver(_ path: String, _ address: sockaddr_storage, _ length: UInt32) -> Bool {
        var address = address
        guard let probe = try? opened() else { return false }
        // What is no socket refuses, too, and must stay; so does one that is bound and about to listen.
        guard cshim_connect(probe.descriptor.rawValue, &address, length) == -ECONNREFUSED else { return false }
        return cshim_is_socket_at(&address) == 1 && path.withCString { cshim_is_bound_idle($0) } == 0
    }

    private static func opened() throws(Errno) -> Socket {
        Socket(FileDescriptor(owning: try checked { cshim_socket(AF_UNIX) }))
    }
}
