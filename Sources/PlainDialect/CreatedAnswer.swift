public import HTTP
internal import Uploads

/// The `201` that ends a plain upload or a form.
public enum CreatedAnswer {
    /// One file: `Location` and its size, as JSON.
    public static func file(_ file: StoredFile) -> (head: ResponseHead, body: String) {
        var head = ResponseHead(.created)
        head.set("Location", file.location)
        head.set("Content-Type", "application/json")
        return (head, file.json + "\n")
    }

    /// The files of a form: a page for people whose browser runs no scripts, JSON for everybody else.
    ///
    /// - Parameter wantsPage: whether the client asked for HTML.
    public static func form(_ files: [StoredFile], wantsPage: Bool) -> (head: ResponseHead, body: String) {
        var head = ResponseHead(.created)
        if let first = files.first, files.count == 1 { head.set("Location", first.location) }
        guard wantsPage else {
            head.set("Content-Type", "application/json")
            return (head, "[" + files.map(\.json).joined(separator: ",") + "]\n")
        }
        head.set("Content-Type", "text/html; charset=utf-8")
        head.set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
        let rows = files.map { file in
            "<li><a href=\"\(file.location)\">\(escaped(file.name.description))</a> — \(file.size) bytes</li>"
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
        return (head, page)
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
    }
}
