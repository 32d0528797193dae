internal import CEpollShim

/// A listening socket that was open when the process began: a service manager holds it, so that no connection is
/// refused while the service restarts. `sd_listen_fds(3)`
public struct InheritedSocket: Sendable {
    /// What the service manager calls it (`FileDescriptorName=`), "" where it has no name.
    public let name: String
    /// Where it listens.
    public let address: SocketAddress
    private let number: Int32

    /// Why inherited sockets cannot be used: one line for the operator.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// Names the descriptor, or the variable, and what is wrong with it.
        public let description: String
    }

    /// The sockets handed to this process, in the order of their numbers; none where it was started without any.
    /// They become close-on-exec and non-blocking, and the variables that tell of them are taken out of the
    /// environment. On the main thread, once, before any other thread runs.
    ///
    /// - Throws: where the variables make no sense, or one of the descriptors is no listening TCP socket.
    public static func all() throws(Failure) -> [InheritedSocket] {
        let process = Environment.take("LISTEN_PID")
        let count = Environment.take("LISTEN_FDS")
        let names = Environment.take("LISTEN_FDNAMES")?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        // Meant for a parent that did not clean up behind itself.
        guard let process, Int32(process) == cshim_process_number(), let count else { return [] }
        guard let count = Int(count), (0...descriptorsMax).contains(count) else {
            throw Failure(description: "LISTEN_FDS says \"\(count)\", not a number from 0 to \(descriptorsMax)")
        }
        guard names.isEmpty || names.count == count else {
            throw Failure(description: "LISTEN_FDNAMES has \(names.count) names for \(count) sockets")
        }
        var sockets: [InheritedSocket] = []
        for index in 0..<count {
            sockets.append(
                try InheritedSocket(firstDescriptor + Int32(index), name: names.isEmpty ? "" : String(names[index])))
        }
        return sockets
    }

    /// Checks a descriptor that came from outside, and prepares it. The caller keeps it open.
    init(_ number: Int32, name: String) throws(Failure) {
        let found: (obstacle: String?, address: sockaddr_storage)
        do throws(Errno) {
            found = try InheritedSocket.look(at: number)
        } catch {
            found = (error.description, sockaddr_storage())
        }
        guard found.obstacle == nil, (try? SocketAddress(found.address)) != nil,
            let address = try? Socket.localAddress(of: number)
        else {
            throw Failure(
                description: "inherited descriptor \(number)\(name.isEmpty ? "" : " (\(name))"): "
                    + (found.obstacle ?? "not a TCP socket"))
        }
        self.name = name
        self.address = address
        self.number = number
    }

    private static func look(at number: Int32) throws(Errno) -> (obstacle: String?, address: sockaddr_storage) {
        var address = sockaddr_storage()
        var value: Int32 = 0
        try checked { cshim_adopt(number) }
        try checked { cshim_get_option(number, SOL_SOCKET, SO_TYPE, &value) }
        if value != cshim_stream() { return ("not a stream socket", address) }
        try checked { cshim_get_option(number, SOL_SOCKET, SO_ACCEPTCONN, &value) }
        if value != 1 { return ("not a listening socket", address) }
        try checked { cshim_local_address(number, &address) }
        return (nil, address)
    }

    /// The socket itself, to be taken once: its new owner closes it. What listens stays with the service manager.
    public func take() -> Socket { Socket(FileDescriptor(owning: number)) }

    /// The first inherited descriptor (SD_LISTEN_FDS_START).
    private static let firstDescriptor: Int32 = 3
    /// The most sockets that are looked at.
    private static let descriptorsMax = 64
}
