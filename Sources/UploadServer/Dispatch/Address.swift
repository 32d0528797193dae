internal import HTTP
internal import Uploads

/// The addresses at which something is served, and the methods that each takes: what `Allow` says, of a refusal as of
/// `OPTIONS`, comes from here.
enum Address: Equatable {
    case page
    case status
    case upload
    /// `/files`, where uploads are made.
    case collection
    /// `/files/<segment>`: an upload's address, or the name of a new file.
    case member(String)
    case health
    case readiness

    /// Nil where nothing is served.
    ///
    /// - Throws: 400 `bad-path` for a path that is none.
    init?(_ target: RequestTarget) throws(Refusal) {
        guard let segments = target.segments, segments.allSatisfy({ $0 != "." && $0 != ".." }) else {
            throw Refusal(.badRequest, code: "bad-path", "The path is not valid.")
        }
        switch segments.first {
        case nil where target.path == "/": self = .page
        case "status" where segments.count == 1: self = .status
        case "upload" where segments.count == 1: self = .upload
        case "files" where segments.count == 1 || segments.count == 2 && segments[1].isEmpty: self = .collection
        case "files" where segments.count == 2: self = .member(segments[1])
        case "healthz" where segments.count == 1: self = .health
        case "readyz" where segments.count == 1: self = .readiness
        default: return nil
        }
    }

    /// Whether what is there is somebody's, so that requests have to say whose they are.
    var reachesUploads: Bool {
        switch self {
        case .page, .health, .readiness: false
        case .status, .upload, .collection, .member: true
        }
    }

    /// Besides OPTIONS, which every address takes.
    var methods: [Method] {
        switch self {
        case .page, .health, .readiness: [.get, .head]
        case .status: [.get, .head, .post]
        case .upload: [.post, .delete]
        case .collection: [.post, .put]
        case .member(let segment): UploadID(segment) == nil ? [.put] : [.get, .head, .patch, .delete, .put]
        }
    }

    /// What `Allow` says.
    static func allow(_ methods: [Method]) -> String {
        (methods + [.options]).map(\.description).joined(separator: ", ")
    }
}
