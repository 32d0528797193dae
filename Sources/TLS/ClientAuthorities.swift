/// Which clients' certificates a server believes.
public struct ClientAuthorities: Hashable, Sendable {
    /// PEM, the authorities that sign them.
    public let file: String
    /// Whether a client without a certificate is turned away; one whose certificate is not believed always is.
    public let areRequired: Bool

    public init(file: String, areRequired: Bool) {
        self.file = file
        self.areRequired = areRequired
    }
}
