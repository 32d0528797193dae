public import Reactor
public import Storage
public import Uploads

/// Who brings finished files to the place where they are promised, before anybody is told of them.
public protocol FileCarrier: Sendable {
    /// What the place is called in the log and in metrics; no secret.
    var name: String { get }
    /// Bytes that the place has taken since the start, those that were brought twice among them.
    var carriedBytes: Int64 { get }
    /// The files that are being brought at this moment, and how many bytes of each the place has. A few.
    var underWay: [UploadID: Int64] { get }
    /// Somebody who brings one file after another.
    func sender() -> any FileSender
}

/// Brings one file after another. Confined to its loop and to one task at a time.
public protocol FileSender: AnyObject {
    /// Brings an event's file to its place, and what is left of it there and here to its end; begins anew as often as
    /// it takes, also after a crash at any step.
    ///
    /// - Returns: `taken` once nothing is left to be done, also where there is no file to bring any more.
    func carry(_ event: UploadEvent, _ context: CarryContext, on loop: isolated EventLoop) async -> DeliveryOutcome
    /// Closes its connections.
    func close(on loop: isolated EventLoop) async
}

/// What a carrier works with.
public struct CarryContext: Sendable {
    /// Has the files.
    public let store: LocalStore
    /// Where it is recorded what has become of them.
    public let outbox: EventOutbox
    /// Told what belongs in the log; it does not wait.
    public let report: @Sendable (DeliveryReport) -> Void
    /// Whether the server stops: what is not done by then is the next start's.
    public let isStopping: @Sendable () -> Bool
}
