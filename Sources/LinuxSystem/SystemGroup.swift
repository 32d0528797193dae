internal import CEpollShim

/// The system's groups of users. `getgrnam_r(3)`
public enum SystemGroup {
    /// The number of a group, told by its name or as digits; nil where there is none of that name. Blocks: the system
    /// may ask the network.
    public static func number(of name: String) -> UInt32? {
        if !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // The largest number means "no change" to the system.
            return UInt32(name).flatMap { $0 == .max ? nil : $0 }
        }
        let number = cshim_group_number(name)
        return number >= 0 ? UInt32(number) : nil
    }
}
