/// Which of a server's certificates are for which name. Those of one name with keys of different kinds stand side by
/// side: a client that knows no ECDSA gets the one with RSA. Pure.
struct CertificateChoice {
    /// For clients that ask for no name, or one that nobody has: those of the first certificate's first name.
    let standard: [Int]
    /// By name, in lower case, wildcards as they stand (`*.example.org`).
    let byName: [String: [Int]]

    /// - Parameter certificates: the names of each, and the kind of its key.
    init(_ certificates: [(names: [String], key: Int32)]) {
        func covering(_ name: String) -> [Int] {
            let exact = certificates.indices.filter { certificates[$0].names.contains(name) }
            let wildcard = CertificateChoice.wildcard(over: name).map { pattern in
                certificates.indices.filter { certificates[$0].names.contains(pattern) }
            }
            var kinds: Set<Int32> = []
            return (exact + (wildcard ?? [])).filter { kinds.insert(certificates[$0].key).inserted }
        }
        let names = Set(certificates.flatMap(\.names))
        byName = Dictionary(uniqueKeysWithValues: names.map { ($0, covering($0)) })
        standard = certificates.first?.names.first.map(covering) ?? [0]
    }

    /// The pattern that stands for a name and its siblings; nil for a pattern, and for a name without a dot.
    static func wildcard(over name: String) -> String? {
        guard !name.hasPrefix("*."), let dot = name.firstIndex(of: ".") else { return nil }
        return "*" + name[dot...]
    }
}
