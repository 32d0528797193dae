import Testing

/// No request ends the process: every place that would, and why neither a client's bytes nor an option reach it.
@Suite struct TrapTests {
    private typealias Trap = KnownSites.Site

    private static let memory = "memory of the program's own, which is never empty"

    /// `precondition`, `preconditionFailure`, `fatalError`, `try!`.
    private static let conditions = KnownSites([
        Trap("Events/EventDeliverer", "precondition(", "the server opens the store with these targets"),
        Trap("TLS/TLSSession", "count > 0", "callers hand over room or bytes; an empty buffer is never moved"),
        Trap("TLS/Digest", "SHA-256 is always there", "no policy switches it off; the start asks for it"),
        Trap("TLS/Digest", "EVP_Digest", "OpenSSL fails these for a broken context only"),
        Trap("TLS/ServerIdentity", "SHA-256 is always there", "of a certificate that has been parsed"),
        Trap("TLS/TLSContext", "has a certificate", "where none is named one is made"),
        Trap("UploadServer/Handlers/FileIDHandler", "answered before", "the caller returns for that decision"),
        Trap("UploadServer/Connection/FormBody", "a part ends before", "the parser tells partEnd before part"),
        Trap("UploadServer/Page/Gzip", "no memory", "at the start"),
        Trap("UploadServer/Page/JoinedPage", "which is not there", "at the start; its files are in the program"),
        Trap("Uploads/Concatenation", "one line", "field values hold no line feed: the request parser refuses it"),
        Trap("Uploads/ExpiryPolicy", "at least a second", "the option is checked at the start"),
        Trap("IETFDialect/Digests/PromisedDigest", "algorithm's size", "the parser compares first"),
        Trap("TusDialect/TusOffer", "a path without", "a constant"),
        Trap("LinuxSystem/AlignedBuffer", "alignment", "sizes are constants"),
        Trap("LinuxSystem/Epoll", "epoll_wait failed", "EBADF, EFAULT, EINVAL: of a descriptor of our own"),
        Trap("LinuxSystem/FileDescriptor", "not negative", "made of results that were checked"),
        Trap("Reactor/LoopGroup", "count > 0", "the option is at least 1, or the processors are counted"),
        Trap("Reactor/LoopExecutor", "isOnLoop", "the runtime asks; who runs where is decided at compile time"),
        Trap("Reactor/WatchTable", "ends once", "by its owner, the connection's one task"),
        Trap("Reactor/Watch", "one task", "a connection has one task at a time"),
        Trap("HTTP/Fields/FieldName", "a token", "names that are parsed are checked first; others are literals"),
        Trap("HTTP/Fields/EntityTag", "an entity tag", "made of ids and numbers"),
        Trap("HTTP/Body/MultipartParser", "a boundary", "taken from boundary(of:), which checks it"),
        Trap("Wire/Transport", "TLS begins once", "the client's connection does so in one place, when it opens"),
    ])

    /// Unwrapping by `!`.
    private static let unwraps = KnownSites([
        Trap("", "baseAddress!", memory),
        Trap("LinuxSystem/Directory", "name!", "readdir(3) gives a name with each entry"),
        Trap("LinuxSystem/SystemThread", "context!", "given to pthread_create by the lines above"),
        Trap("Reactor/BufferPool", "take()!", "put there by the line before, for the closure to take"),
        Trap("Storage/Catalogue/SQLiteConnection", "flag!", "given to SQLite by the line below"),
        Trap("Storage/Files/DataFile", "file!", "opened by the line above"),
        Trap("Storage/ReadJob", "take()!", "asked for once, after the read"),
        Trap("Storage/Small/SmallDelivery", ".small!", "of the steps that have one"),
        Trap("TLS/TLSContext", "choice.standard)!", "made by the lines above"),
        Trap("HTTP2/ServerSession+Callbacks", "made!", "at the start, a few hundred bytes"),
        Trap("HTTP2/ServerSession+Callbacks", "head!", "nghttp2 hands over what it calls for"),
        Trap("HTTP2/ServerSession+Callbacks", "frame!", "nghttp2 hands over what it calls for"),
        Trap("HTTP2/ServerSession+Callbacks", "memory!", "nghttp2 hands over what it calls for"),
        Trap("HTTP2/ServerSession+Callbacks", "flags!", "nghttp2 hands over what it calls for"),
        Trap("HTTP2/ServerSession+Callbacks", "data!", "given when the session is made"),
        Trap(
            "UploadServer/HTTP2/HTTP2Connection", "ServerSession!", "set when it is made, or there is none"),
        Trap("UploadServer/HTTP2/HTTP2Stream", "ownWatch!", "set before the task begins, which alone asks"),
        Trap("Wire/Transport", "session!", "asked for where there is one"),
        Trap("sluice/Health", "SocketAddress", "a constant, or checked by validate"),
        Trap("sluice/Put", "words.last!", "checked by validate"),
    ])

    private static let complaint = "may end the process, and no reason is given here"

    @Test func `every precondition has a reason why no request reaches it`() throws {
        let words = ["precondition(", "preconditionFailure(", "fatalError(", "try!"]
        try TrapTests.conditions.compare(complaint: TrapTests.complaint, lines: words) { code in
            words.contains { code.contains($0) }
        }
    }

    @Test func `every forced unwrapping has a reason why it finds something`() throws {
        try TrapTests.unwraps.compare(complaint: TrapTests.complaint, lines: ["!"]) {
            $0.contains(/[\w)\]]!(?!=)/) && !$0.contains("try!")
        }
    }

    @Test func `storage has no precondition that its callers could miss`() throws {
        for file in try SourceTree.swiftFiles(under: "Sources/Storage") where file.code.contains("precondition(") {
            Issue.record("\(file.path): throw StorageError.misuse instead")
        }
    }
}
