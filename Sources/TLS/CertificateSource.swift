internal import LinuxSystem
internal import Synchronization

/// The server's certificates, and the authorities of its clients, as they lie in files, which may be
/// replaced while the server runs.
///
/// `current` is for the next connection; connections that run keep the context they were made with. What is read anew
/// counts only as a whole: certificates and the keys that belong to them, still valid. Until then the old one serves.
/// Usable from any thread; the functions that read the files block, so they are not for a loop.
public final class CertificateSource: Sendable {
    /// What looking at the files came to.
    public enum Outcome: Sendable {
        /// They are as they were.
        case unchanged
        /// They are new, and serve from the next connection on.
        case replaced(TLSContext)
        /// The server's own certificates are the same, but not what comes with them: the certificates of those who
        /// signed them, or the authorities of clients. Serves from the next connection on.
        case surrounded(TLSContext)
        /// They cannot be used; the old ones go on. One line for the operator.
        case refused(TLSError)
        /// They cannot be used just now, which is ordinary while somebody replaces one after the other.
        case unsettled
    }

    private struct State {
        var context: TLSContext
        /// The files as they were when they were last read; nil to read them again in any case.
        var stamps: [FileStamp?]
        /// What the files with certificates and authorities held.
        var contents: [[UInt8]]
        /// The files as they were when they could last not be used.
        var refused: [FileStamp?]?
        var isTold = false
    }

    /// Where they lie.
    public let certificates: [CertificateFiles]
    /// Whose certificates clients may show; nil where they are asked for none.
    public let clients: ClientAuthorities?
    private let applicationProtocols: [String]
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: as `TLSContext.server` does; a certificate that has expired, or is not valid yet, is taken
    ///   here, since nothing better is at hand.
    public init(
        _ certificates: [CertificateFiles], clients: ClientAuthorities? = nil, applicationProtocols: [String]
    ) throws(TLSError) {
        self.certificates = certificates
        self.clients = clients
        self.applicationProtocols = applicationProtocols
        let stamps = CertificateSource.stamps(certificates, clients)
        let context = try TLSContext.server(
            certificates: certificates, clients: clients, applicationProtocols: applicationProtocols)
        let contents = CertificateSource.contents(certificates, clients)
        state = Mutex(State(context: context, stamps: stamps, contents: contents))
    }

    /// Digests of all files but the keys; of one that cannot be read, none.
    private static func contents(_ certificates: [CertificateFiles], _ clients: ClientAuthorities?) -> [[UInt8]] {
        (certificates.map(\.certificateFile) + (clients.map { [$0.file] } ?? [])).map { path in
            do throws(TLSError) { return try PEMFile(path: path, role: "file").digest } catch { return [] }
        }
    }

    private static func stamps(_ certificates: [CertificateFiles], _ clients: ClientAuthorities?) -> [FileStamp?] {
        (certificates.flatMap { [$0.certificateFile, $0.keyFile] } + (clients.map { [$0.file] } ?? []))
            .map { FileStamp(path: $0) }
    }

    /// What the next connection is served with.
    public var current: TLSContext { state.withLock { $0.context } }

    /// Reads the files if they have changed since the last time, or could not be used then.
    ///
    /// - Parameter isAsked: whether somebody waits for the answer: the files are read in any case, and what cannot be
    ///   used is `refused` at once. Otherwise it is so when the files have stood still between two calls, and once.
    public func reload(isAsked: Bool) -> Outcome {
        // Before reading: what changes meanwhile is seen the next time.
        let stamps = CertificateSource.stamps(certificates, clients)
        if !isAsked, state.withLock({ $0.refused == nil && $0.stamps == stamps }) { return .unchanged }
        do throws(TLSError) {
            let context = try TLSContext.server(
                certificates: certificates, clients: clients, applicationProtocols: applicationProtocols)
            // What is in force already goes on, whatever the time.
            if let fault = context.validityFault,
                state.withLock({ $0.context.certificates != context.certificates })
            {
                throw .configuration(fault)
            }
            let contents = CertificateSource.contents(certificates, clients)
            return state.withLock { state in
                let isNew = context.certificates != state.context.certificates
                let isSurroundedAnew = contents != state.contents
                state = State(context: context, stamps: stamps, contents: contents)
                return isNew ? .replaced(context) : isSurroundedAnew ? .surrounded(context) : .unchanged
            }
        } catch {
            return state.withLock { state in
                let stoodStill = state.refused == stamps
                let tells = isAsked || (stoodStill && !state.isTold)
                state.isTold = tells || (stoodStill && state.isTold)
                state.refused = stamps
                return tells ? .refused(error) : .unsettled
            }
        }
    }
}
