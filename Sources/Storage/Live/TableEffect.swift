internal import Uploads

/// What is to be done about an upload once the table is unlocked again.
enum TableEffect<RecordWaiter, GrantWaiter> {
    case fence(@Sendable () -> Void)
    case answer(RecordWaiter, Result<Upload?, StorageError>)
    case grant(GrantWaiter, Result<Grant, StorageError>)
    case load(UploadID)
    case end(Join)
}
