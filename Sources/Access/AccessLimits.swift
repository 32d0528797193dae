/// The bounds of credentials that no option changes.
public enum AccessLimits {
    /// Bytes of a token. What identity providers write stays below 4 KiB; a head has 32 KiB. Past it: `bad-token`.
    public static let tokenBytesMax = 8192
    /// Bytes of a token's own head, decoded: an algorithm, a key's name, and what some put beside them.
    public static let tokenHeadBytesMax = 1024
    /// Bytes of a key's name (`kid`).
    public static let keyNameBytesMax = 256
    /// How deep JSON may be nested: claims are flat, and some providers put roles into objects.
    public static let jsonDepthMax = 8
    /// Names in one JSON object.
    public static let jsonMembersMax = 128
    /// Keys that one server knows; a rotation has two or three.
    public static let keysMax = 64
    /// Unicode scalars of a key's name that the log shows; names are as long as a publisher likes.
    public static let keyNameShownMax = 64
    /// Characters of an RSA key's modulus in a key set: 16,384 bits in base64url. A longer one takes its time to check.
    public static let modulusTextBytesMax = 2731

    /// Keys of one algorithm that a token is tried with: those of its name, or the first ones where it names none. A
    /// rotation has two or three.
    public static let triedKeysMax = 4
    /// Credentials that one loop remembers as verified, in two generations of half as many.
    public static let cachedCredentialsMax = 8192
    /// Bytes of their tokens, likewise: strangers get none in, but those who have many may bring long ones.
    public static let cachedCredentialBytesMax = 8 << 20
    /// Bytes at the end of a token by which it is found again.
    static let credentialKeyBytes = 32
    /// What a client is told to wait, in seconds, where the application does not answer.
    public static let retryAfterSeconds = 5
}
