extension OptionTable {
    /// A configuration file in which every option stands with its default and what it does, switched off by `#`.
    ///
    /// - Parameter heading: what stands above, without `#`.
    public func example(heading: [String]) -> String {
        let head = heading.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
        return head
            + sections.map { section in
                let options = section.options.filter(isInFile)
                return options.isEmpty
                    ? "" : "\n# ---- \(section.title) ----\n" + options.map(OptionTable.example).joined()
            }.joined()
    }

    private static func example(_ option: OptionDeclaration<Target>) -> String {
        let texts = option.defaults.isEmpty ? option.example.map { [$0] } ?? [] : option.defaults
        let value = YAMLText.value(texts, option)
        return "\n" + wrapped(option.help, columns: 98).map { "# \($0)\n" }.joined()
            + (value.isEmpty ? "# \(option.name):\n" : "#\(option.name): \(value)\n")
    }
}
