internal import Yams

/// Reads a configuration file: YAML with one key an option, and a list where an option has several values.
struct FileReader<Target: Sendable> {
    private let table: OptionTable<Target>
    private let path: String
    private let lines: [Substring.UnicodeScalarView]
    private(set) var given: [String: GivenValue] = [:]
    private(set) var faults: [String] = []

    init(_ table: OptionTable<Target>, path: String, text: String) {
        self.table = table
        self.path = path
        lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        if let fault = YAMLScan.fault(in: text) {
            faults.append("\(path):\(fault.line): \(fault.reason).")
            return
        }
        do {
            guard let root = try Yams.compose(yaml: text, .basic, .default, .utf8) else { return }
            read(root)
        } catch let error as YamlError {
            faults.append(told(error, text))
        } catch {
            faults.append("\(path): \(error)")
        }
    }

    private mutating func read(_ root: Node) {
        guard case .mapping(let mapping) = root else {
            // A file of comments alone is empty.
            if let scalar = root.scalar, scalar.string.isEmpty { return }
            faults.append("\(place(root)): expected one option a line, as in 'max-size: 5G'.")
            return
        }
        for (key, value) in mapping { read(key, value) }
    }

    private mutating func read(_ key: Node, _ value: Node) {
        guard let name = key.scalar?.string else {
            faults.append("\(place(key)): a key is the name of an option.")
            return
        }
        guard let option = table.option(name), table.isInFile(option) else {
            let nearest = NearestName.of(name, among: table.options.filter(table.isInFile).map(\.name))
            faults.append("\(place(key)): '\(name)' is no option\(nearest.map { "; did you mean '\($0)'?" } ?? ".")")
            return
        }
        let origin = origin(key)
        switch value {
        case .scalar(let scalar) where isNothing(scalar):
            faults.append("\(place(key)): \(name) has no value; '' is an empty one.")
        case .scalar(let scalar) where isFolded(scalar):
            faults.append("\(place(value)): a value of several lines is not taken.")
        case .scalar(let scalar):
            given[name] = GivenValue([scalar.string], origin)
        case .sequence(let sequence) where option.shape == .many:
            let items = sequence.compactMap { node -> GivenValue.Item? in
                guard let scalar = node.scalar, !isNothing(scalar) else { return nil }
                return GivenValue.Item(text: scalar.string, origin: self.origin(node))
            }
            for scalar in sequence.lazy.compactMap(\.scalar) where isFolded(scalar) {
                faults.append("\(path):\(scalar.mark?.line ?? 1): a value of several lines is not taken.")
            }
            if items.count < sequence.count { faults.append("\(place(key)): each item of \(name) is one value.") }
            given[name] = GivenValue(items: items, origin)
        default:
            let shape = option.shape == .many ? "a value, or a list of values" : "one value"
            faults.append("\(place(value)): \(name) takes \(shape).")
        }
    }

    /// Whether nothing stands there, which is not the same as an empty text in quotes.
    private func isNothing(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null"].contains(scalar.string.lowercased())
    }

    /// Whether a value without quotes goes on in further lines, which YAML joins by spaces: what is one line stands in
    /// the file as it is read.
    private func isFolded(_ scalar: Node.Scalar) -> Bool {
        guard scalar.style == .plain, let mark = scalar.mark, lines.indices.contains(mark.line - 1) else {
            return false
        }
        return !lines[mark.line - 1].dropFirst(mark.column - 1).starts(with: scalar.string.unicodeScalars)
    }

    private func origin(_ node: Node) -> OptionOrigin { .file(path: path, line: node.mark?.line ?? 1) }

    private func place(_ node: Node) -> String { "\(path):\(node.mark?.line ?? 1)" }

    private func told(_ error: YamlError, _ text: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "\(path):\(mark.line): not YAML: \(problem)."
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let lines = FileReader.lines(of: key, in: text)
            return "\(path):\(lines.dropFirst().first ?? context.mark.line): '\(key)' stands here a second time"
                + (lines.count > 1 ? ", after line \(lines[0])." : ".")
        case .reader(let problem, let offset, _, _):
            let front = offset.map { text.prefix($0) } ?? ""
            return "\(path):\(front.utf8.count { $0 == 0x0A } + 1): not YAML: \(problem)."
        default:
            return "\(path): not YAML."
        }
    }

    /// The numbers of the lines that begin with a key.
    private static func lines(of key: String, in text: String) -> [Int] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
            let name = line.prefix { $0 != ":" && $0 != " " && $0 != "\r" }
            return [key, "'\(key)'", "\"\(key)\""].contains(String(name)) ? number + 1 : nil
        }
    }
}
