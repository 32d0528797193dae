public import HTTP
internal import Uploads

/// The `201` that ends a plain upload or a form.
public enum CreatedAnswer {
    /// One file: `Location` and its size, as JSON.
    public static func file(_ file: StoredFile) -> (head: ResponseHead, body: String) {
        var head = ResponseHead(.created)
        head.set("Location", file.location)
        return (describe(head, type: "application/json"), file.json + "\n")
    }

    /// The files of a form: a page for people whose browser runs no scripts, JSON for everybody else.
    ///
    /// - Parameter wantsPage: whether the client asked for HTML.
    public static func form(_ files: [StoredFile], wantsPage: Bool) -> (head: ResponseHead, body: String) {
        var head = ResponseHead(.created)
        if let first = files.first, files.count == 1 { head.set("Location", first.location) }
        guard wantsPage else {
            return (
                describe(head, type: "application/json"), "[" + files.map(\.json).joined(separator: ",") + "]\n"
            )
        }
        head.set(
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox")
        head.set("Referrer-Policy", "no-referrer")
        let rows = files.map { file in
            let (location, name) = (HTMLText.escaped(file.location), HTMLText.escaped(file.name.description))
            return "<li><a href=\"\(location)\"><bdi>\(name)</bdi></a> — \(file.size) bytes</li>"
        }
        let title = files.count == 1 ? "1 file stored" : "\(files.count) files stored"
        let page = """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title)</title>
            <h1>\(title)</h1>
            <ul>\(rows.joined())</ul>
            <p><a href="./">Send more</a></p>
            </html>

            """
        return (describe(head, type: "text/html; charset=utf-8"), page)
    }

    private static func describe(_ head: consuming ResponseHead, type: String) -> ResponseHead {
        head.set("Content-Type", type)
        head.set("X-Content-Type-Options", "nosniff")
        return head
    }
}
