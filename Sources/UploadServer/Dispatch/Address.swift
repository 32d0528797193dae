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
    /// What an owner has.
    case usage
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
        case "usage" where segments.count == 1: self = .usage
        case "healthz" where segments.count == 1: self = .health
        case "readyz" where segments.count == 1: self = .readiness
        default: return nil
        }
    }

    /// Whether what is there is somebody's, so that requests have to say whose they are.
    var reachesUploads: Bool {
        switch self {
        case .page, .health, .readiness: false
        default: true
        }
    }

    /// The last segment where that is the client's: an upload's id, or the name of a new file.
    var segment: String? {
        switch self {
        case .member(let segment): segment
        case .page, .status, .upload, .collection, .usage, .health, .readiness: nil
        }
    }

    /// What kind of address it is.
    var place: Place {
        switch self {
        case .page: .page
        case .status: .status
        case .upload: .upload
        case .collection: .collection
        case .member(let segment): UploadID(segment) == nil ? .name : .resource
        case .usage: .usage
        case .health: .health
        case .readiness: .readiness
        }
    }

    /// Besides OPTIONS, which every address takes.
    var methods: [Method] { place.methods }

    /// A kind of address; the raw value is how people write it.
    enum Place: String, CaseIterable {
        case page = "/"
        case status = "/status"
        case upload = "/upload"
        case collection = "/files"
        case resource = "/files/<id>"
        case name = "/files/<name>"
        case usage = "/usage"
        case health = "/healthz"
        case readiness = "/readyz"

        /// Besides OPTIONS.
        var methods: [Method] { Place.table[self] }

        /// Whether the content of a request becomes bytes of a file.
        var storesContent: Bool {
            switch self {
            case .upload, .collection, .resource, .name: true
            case .page, .status, .usage, .health, .readiness: false
            }
        }

        /// Whether several dialects share it, and what it takes depends on them.
        var isBelowFiles: Bool { self == .collection || self == .resource || self == .name }

        private static let table = PlaceMethods { place in
            switch place {
            case .page, .usage, .health, .readiness: [.get, .head]
            default: ServedDialects.methods(at: place)
            }
        }
    }

    /// What `Allow` says.
    static func allow(_ methods: [Method]) -> String {
        (methods + [.options]).map(\.description).joined(separator: ", ")
    }
}
