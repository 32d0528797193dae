/// What a listener is for: the options `--listen`, `--listen-tls` and `--listen-admin`.
enum ListenerKind: Int, CaseIterable, Sendable {
    /// Plain HTTP.
    case http
    /// HTTP over TLS.
    case https
    /// Operation only: metrics, readiness. It stays open until the very end.
    case admin

    /// What an inherited socket is called that is meant for it, and its name in the metrics.
    var name: String {
        switch self {
        case .http: "http"
        case .https: "https"
        case .admin: "admin"
        }
    }

    /// What so many inherited sockets stand for: by their names, or, where nobody knows any of those, in the
    /// order of the cases.
    ///
    /// - Throws: where only some names are known, or there are more sockets than kinds.
    static func assigned(to names: [String]) throws(ServerError) -> [ListenerKind] {
        let found = names.map { name in allCases.first { $0.name == name } }
        let unknown = zip(names, found).filter { $0.1 == nil }.map(\.0)
        if unknown.isEmpty { return found.compactMap { $0 } }
        guard unknown.count == names.count else {
            throw .configuration(
                "inherited sockets are called http, https or admin, not \"\(unknown[0])\" (FileDescriptorName=)")
        }
        guard names.count <= allCases.count else {
            throw .configuration(
                """
                \(names.count) sockets were inherited: call them http, https or admin (FileDescriptorName=), since \
                only the first three could be told apart by their order
                """)
        }
        return Array(allCases.prefix(names.count))
    }
}
