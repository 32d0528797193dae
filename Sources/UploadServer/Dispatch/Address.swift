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
    /// `/files/<id>/events`: what becomes of an upload, as it does.
    case events(UploadID)
    /// What an owner has.
    case usage
    case health
    case readiness

    /// Nil where nothing is served.
    ///
    /// - Parameter base: where the collection is; all but health and readiness, which lie at the root, lie beside it.
    /// - Throws: 400 `bad-path` for a path that is none.
    init?(_ target: RequestTarget, below base: BasePath) throws(Refusal) {
        guard var segments = target.segments, segments.allSatisfy({ $0 != "." && $0 != ".." }) else {
            throw Refusal(.badRequest, code: "bad-path", "The path is not valid.")
        }
        if segments.count == 1, segments[0] == "healthz" || segments[0] == "readyz" {
            self = segments[0] == "healthz" ? .health : .readiness
            return
        }
        if !base.parents.isEmpty {
            guard segments.count > base.parents.count, segments.starts(with: base.parents) else { return nil }
            segments.removeFirst(base.parents.count)
            if segments == [""] { segments = [] }
        } else if segments.isEmpty, target.path != "/" {
            return nil
        }
        switch segments.first {
        case nil: self = .page
        case base.name where segments.count == 1 || segments.count == 2 && segments[1].isEmpty: self = .collection
        case base.name where segments.count == 2: self = .member(segments[1])
        case base.name where segments.count == 3 && segments[2] == "events":
            guard let id = UploadID(segments[1]) else { return nil }
            self = .events(id)
        case "status" where segments.count == 1: self = .status
        case "upload" where segments.count == 1: self = .upload
        case "usage" where segments.count == 1: self = .usage
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
        case .page, .status, .upload, .collection, .events, .usage, .health, .readiness: nil
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
        case .events: .events
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
        case events = "/files/<id>/events"
        case usage = "/usage"
        case health = "/healthz"
        case readiness = "/readyz"

        /// Besides OPTIONS.
        var methods: [Method] { Place.table[self] }

        /// Whether the content of a request becomes bytes of a file: so where nobody knows better.
        var storesContent: Bool {
            switch self {
            case .page, .status, .events, .usage, .health, .readiness: false
            default: true
            }
        }

        /// Whether several dialects share it, and what it takes depends on them.
        var isBelowFiles: Bool { self == .collection || self == .resource || self == .name }

        /// Whether it is at the root, wherever the collection is.
        var isAtRoot: Bool { self == .health || self == .readiness }

        /// Its first segment where that is its own; nil for the page, the collection and what is in it.
        var ownName: String? {
            if isBelowFiles || self == .events { return nil }
            let name = rawValue.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
            return name.isEmpty ? nil : String(Substring(name))
        }

        private static let table = PlaceMethods { place in
            switch place {
            case .page, .events, .usage, .health, .readiness: [.get, .head]
            default: ServedDialects.methods(at: place)
            }
        }
    }

    /// Whether something else has its address where uploads would have theirs.
    static func isTaken(_ path: BasePath) -> Bool {
        let first = path.parents.first ?? path.name
        return first == PlainEntry.root
            || Place.allCases.contains { place in place.ownName == (place.isAtRoot ? first : path.name) }
    }

    /// What `Allow` says.
    static func allow(_ methods: [Method]) -> String {
        (methods + [.options]).map(\.description).joined(separator: ", ")
    }
}
