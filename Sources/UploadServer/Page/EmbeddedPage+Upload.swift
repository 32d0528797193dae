extension EmbeddedPage {
    /// The upload page. Its form works without a script, too.
    ///
    /// - Parameter name: of the collection, beside which the page is.
    static func upload(collection name: String) -> EmbeddedPage {
        EmbeddedPage(
            document: page(collection: name),
            files: [
                "base.css": PackageResources.base_css,
                "choosing.css": PackageResources.choosing_css,
                "list.css": PackageResources.list_css,
                "choosing.js": PackageResources.choosing_js,
                "digest.js": PackageResources.digest_js,
                "discard.js": PackageResources.discard_js,
                "failure.js": PackageResources.failure_js,
                "limits.js": PackageResources.limits_js,
                "list.js": PackageResources.list_js,
                "main.js": PackageResources.main_js,
                "memory.js": PackageResources.memory_js,
                "pace.js": PackageResources.pace_js,
                "row.js": PackageResources.row_js,
                "server.js": PackageResources.server_js,
                "states.js": PackageResources.states_js,
                "summary.js": PackageResources.summary_js,
                "token.js": PackageResources.token_js,
                "transfer.js": PackageResources.transfer_js,
                "upload.js": PackageResources.upload_js,
                "uploads.js": PackageResources.uploads_js,
                "words.js": PackageResources.words_js,
            ],
            formAction: "'self'")
    }

    /// Its script reads the name where the document has it: what a policy names stays the same.
    private static func page(collection name: String) -> [UInt8] {
        let lines = PackageResources.index_html.split(separator: 0x0A, omittingEmptySubsequences: false)
        let told = "<meta name=\"collection\" content="
        return Array(
            lines.map { line in
                line.starts(with: told.utf8) ? Array("\(told)\"\(name)\">".utf8) : Array(line)
            }.joined(separator: [0x0A]))
    }
}
