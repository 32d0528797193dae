import ArgumentParser
import LinuxSystem

/// An address to listen on, or nothing.
struct ListenAddress: ExpressibleByArgument {
    let address: SocketAddress?
    private let text: String

    init?(argument: String) {
        text = argument
        if argument.isEmpty {
            address = nil
        } else {
            guard let parsed = SocketAddress(argument) else { return nil }
            address = parsed
        }
    }

    var defaultValueDescription: String { text }
}
