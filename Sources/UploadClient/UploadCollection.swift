public import HTTPClient

extension HTTPURL {
    /// The upload collection that a person means who names the server (`/`) or the collection itself (`…/files`). A
    /// query stays: it may be a signature.
    public var collection: HTTPURL {
        let path = pathWithoutSlash
        return with(path: path.hasSuffix("/files") ? path : path + "/files")
    }

    /// An address of the file-id dialect, `/status` or `/upload`: they lie beside the collection.
    func besideCollection(_ path: String) -> HTTPURL {
        let own = pathWithoutSlash
        return with(path: (own.hasSuffix("/files") ? String(own.dropLast("/files".count)) : own) + path)
    }

    /// An address below this one, for one path segment that is encoded already.
    func below(_ segment: String) -> HTTPURL { with(path: pathWithoutSlash + "/" + segment) }

    private var pathWithoutSlash: String {
        var path = self.path
        while path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
