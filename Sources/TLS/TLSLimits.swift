/// Every bound of this target, with its unit.
public enum TLSLimits {
    /// Bytes of a PEM file that is read: certificate chain, key, or authorities (a system's bundle has 0.2 MiB).
    public static let pemBytesMax = 4 << 20

    /// Bytes of plaintext in one record (RFC 8446 section 5.1).
    public static let recordBytes = 16 << 10

    /// Bytes OpenSSL asks of the kernel at once, and so the read buffer of a session while bytes flow: four full
    /// records of TLS 1.3 (22 bytes around the plaintext) and the alignment. From 32 to 256 KiB the cost of a byte was
    /// the same; an idle session gives the buffer back, but one that stalls inside a record keeps it, so it is not
    /// larger.
    public static let readBufferBytes = 4 * (recordBytes + 22) + 8

    /// Bytes of all ALPN names, each with one byte of length.
    public static let protocolBytesMax = 255

    /// Records opened in one read: with full ones a mebibyte, with the smallest some 200 µs of work.
    static let recordsPerRead = 64

    /// Records that hold fewer bytes than so many on average cost more to open than they bring.
    static let crumbBytes = 64

    /// Key exchanges that are offered, in OpenSSL's syntax. Those over finite fields cost the server two hundred times
    /// what they cost a client that only replays its greeting (CVE-2002-20001), the larger curves ten times.
    static let groups = "X25519:P-256:P-384"

    /// Tickets sent after a full handshake of TLS 1.3; each costs a write and some 250 bytes, and a client that opens
    /// connections in parallel may use one more than once.
    static let tickets = 1

    /// Servers whose tickets a client keeps; past it, it begins to collect anew.
    static let ticketedServersMax = 64

    /// Tickets of one server that a client keeps, the newest ones: connections side by side break together, and each
    /// needs one of its own.
    static let ticketsPerServerMax = 16

    /// Handshake messages of a peer after the handshake, in steps of OpenSSL's state machine (one or two each). A peer
    /// that renews its keys every 64 GiB never gets near.
    static let lateMessagesMax = 1000

    /// Days a self-signed certificate is valid from now on, and days it is backdated for clients with a slow clock.
    static let selfSignedDays = 30
    static let selfSignedBackdatedDays = 1

    /// Bytes of a self-signed certificate's serial number (RFC 5280 section 4.1.2.2: at most 20, positive).
    static let serialBytes = 16

    /// Names in a self-signed certificate.
    static let selfSignedNamesMax = 100

    /// Alternative names of a certificate that are looked at, and bytes of one.
    static let certificateNamesMax = 1000
    static let certificateNameBytesMax = 1024

    /// Entries taken from OpenSSL's error queue, which itself keeps 16.
    static let errorDetailsMax = 16
}
