internal import CEpollShim

/// Sockets that are found by a path. `unix(7)`
public enum UnixSocket {
    /// Whether a path is short enough for a socket.
    public static func isPath(_ path: String) -> Bool {
        var address = sockaddr_storage()
        return path.withCString { cshim_path_address($0, &address) } > 0
    }

    /// Listens at a path. A socket that nobody listens at any more, left by a killed process, is removed first.
    ///
    /// - Parameters:
    ///   - mode: who may connect, by the permission bits of a file; nobody can before they are set.
    ///   - backlog: connections the kernel holds ready, 1 or more.
    /// - Throws: EADDRINUSE where somebody listens, or something else is there.
    public static func listening(at path: String, mode: UInt32, backlog: Int32) throws(Errno) -> Socket {
        var address = sockaddr_storage()
        let length = UInt32(try checked { path.withCString { cshim_path_address($0, &address) } })
        if isLeftOver(address, length) { remove(path) }
        let socket = try opened()
        let number = socket.descriptor.rawValue
        try checked { cshim_bind(number, &address, length) }
        try checked { path.withCString { cshim_chmod($0, mode) } }
        try checked { cshim_listen(number, backlog) }
        return socket
    }

    /// Takes a socket's name away. `unlink(2)`
    public static func remove(_ path: String) { _ = path.withCString { cshim_remove($0) } }

    private static func isLeftOver(_ address: sockaddr_storage, _ length: UInt32) -> Bool {
        var address = address
        guard let probe = try? opened() else { return false }
        // What is no socket refuses, too, and must stay.
        guard cshim_connect(probe.descriptor.rawValue, &address, length) == -ECONNREFUSED else { return false }
        return cshim_is_socket_at(&address) == 1
    }

    private static func opened() throws(Errno) -> Socket {
        Socket(FileDescriptor(owning: try checked { cshim_socket(AF_UNIX) }))
    }
}
