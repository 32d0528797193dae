import ArgumentParser
import LinuxSystem

/// An address to listen on, or nothing. What is neither is kept until it can be told with its reason.
struct ListenAddress: ExpressibleByArgument, Equatable {
    private let text: String

    init(argument: String) { text = argument }

    /// Whether it switches listening off.
    var isOff: Bool { text.isEmpty }

    /// Nil where it is switched off, or cannot be read.
    var address: SocketAddress? { SocketAddress(listening: text) }

    var defaultValueDescription: String { text }

    /// The addresses of one option.
    ///
    /// - Throws: where one is none, stands there twice, or stands beside the word that switches all of them off.
    static func check(_ all: [ListenAddress], option: String) throws {
        for (index, one) in all.enumerated() where !one.isOff {
            guard let address = one.address else {
                throw ValidationError(
                    """
                    \(option) takes a numeric address and a port: 127.0.0.1:8080, 0.0.0.0:8080 (every IPv4 address), \
                    [::]:8080 (every IPv6 address), :8080 (both), or '' for none; not '\(one.text)'.
                    """)
            }
            for other in all[..<index] where other.address?.overlaps(address) == true {
                throw ValidationError(
                    other == one
                        ? "\(option) \(one.text) was given twice."
                        : "\(option) \(other.text) and \(option) \(one.text) overlap: one of them is enough.")
            }
        }
        if all.count > 1, all.contains(where: \.isOff) {
            throw ValidationError("\(option) '' switches it off; it does not go with \(option) ADDRESS:PORT.")
        }
    }
}
