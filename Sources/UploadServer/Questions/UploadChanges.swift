internal import Uploads

/// What an application says an upload is to be that is about to begin.
struct UploadChanges: Equatable {
    static let none = UploadChanges()

    /// The file's name; nil for the client's.
    var name: CleanName?
    /// Pairs in the place of the client's, as the dialect keeps them; nil for the client's, "" for none.
    var metadata: String?
    /// Whose it is; nil for whose it was.
    var owner: Owner?

    /// The upload with them. Who has no pairs gets none.
    func applied(to upload: Upload) -> Upload {
        var changed = upload
        if let name { changed.name = name }
        if let metadata, upload.dialect.keepsPairs { changed.metadata = metadata.isEmpty ? nil : metadata }
        return changed
    }
}
