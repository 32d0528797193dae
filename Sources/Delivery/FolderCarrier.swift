public import Events
internal import Storage
public import Uploads

/// Brings finished files to a folder on a disk of this machine.
///
/// The catalogue's outbox is the queue, as for a bucket (`BucketCarrier`); what a crash leaves is told apart by hidden
/// names in the folder (`FolderWork`):
///
/// | a crash after | the next attempt |
/// |---|---|
/// | nothing, or some of a copy | makes the link or the copy (anew) |
/// | the hidden name | gives it the file's own one |
/// | the file's own name | finds that it has it |
/// | the commit that tells the others | removes the file here, where it is not to stay, and the hidden name |
///
/// An upload that is removed on the way has its file removed there as well; nobody is told that it was finished. What
/// is refused or not there is tried for ever.
public final class FolderCarrier: FileCarrier {
    let template: FolderTemplate
    let keepsFiles: Bool
    let tally = CarryTally()

    /// - Parameter keepsFiles: whether files stay here that are in the folder.
    public init(_ template: FolderTemplate, keepsFiles: Bool) {
        self.template = template
        self.keepsFiles = keepsFiles
    }

    /// The folder.
    public var name: String { template.root }

    /// Bytes that the folder has taken since the start.
    public var carriedBytes: Int64 { tally.carriedBytes }

    /// The files that are being brought at this moment, and how many bytes of each the folder has.
    public var underWay: [UploadID: Int64] { tally.underWay }

    /// One more who brings files.
    public func sender() -> any FileSender { FolderSender(self) }
}
