internal import Uploads

/// The right to change one upload, until it is released under its token.
struct Grant: Sendable {
    let token: UInt64
    let upload: Upload?
    /// Without a record: what was deleted under this id, and has a row and perhaps files yet.
    var leaving: Upload?
}
