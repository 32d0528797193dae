public import Events
public import Uploads

/// Brings finished files to a bucket that speaks S3.
///
/// The catalogue's outbox is the queue: with a bucket, a finished file's event is first the bucket's alone
/// (`EventStage` has the stages), and everybody else's once the object stands. So nothing is kept here that a crash
/// could take: each attempt finds out from the bucket how far the one before has come.
///
/// | a crash after | the next attempt |
/// |---|---|
/// | nothing, or a whole object that is small | sends it (again: the same bytes under the same key) |
/// | an upload in parts was begun | finds it by its key (ListMultipartUploads), and its parts (ListParts); sends what is missing; others of that key are aborted |
/// | its parts were made an object | finds that by HEAD: it says which file it is |
/// | the commit that tells the others | removes the file here, where it is not to stay |
/// | that | finds nothing to be removed |
///
/// An upload that is removed on the way has its parts aborted and its object removed, where that came of it; nobody is
/// told that it was finished. What is refused or not there is tried for ever.
///
/// Everything runs on a loop and a thread of its own; disk threads read. A part is read once, digested, and sent with
/// its SHA-256 in the signature (`x-amz-content-sha256`), by which the bucket refuses what has changed on its way.
public final class BucketCarrier: FileCarrier {
    let access: BucketAccess
    let template: KeyTemplate
    let keepsFiles: Bool
    let memory = PartMemory()
    let tally = CarryTally()

    /// - Parameter keepsFiles: whether files stay here that are in the bucket.
    public init(_ access: BucketAccess, _ template: KeyTemplate, keepsFiles: Bool) {
        self.access = access
        self.template = template
        self.keepsFiles = keepsFiles
    }

    /// The bucket, and who has it.
    public var name: String { access.address.name }

    /// Bytes that the bucket has taken since the start.
    public var carriedBytes: Int64 { tally.carriedBytes }

    /// One more connection to the bucket.
    public func sender() -> any FileSender { BucketSender(self) }

    /// The files that are being brought at this moment, and how many bytes of each the bucket has.
    public var underWay: [UploadID: Int64] { tally.underWay }
}
