public import LinuxSystem

/// Something to be sent.
public struct UploadItem: Sendable {
    /// Where the bytes come from.
    public enum Source: Sendable {
        case file(FilePath)
        case standardInput
    }

    /// Where the bytes come from.
    public let source: Source
    /// What it is to be called at the server.
    public let name: UploadName
    /// What it is called in messages.
    public let title: String
    /// Whether it was found in a folder: then it is one of many, and its troubles are its own.
    let isFromFolder: Bool

    /// A file that was asked for by its path.
    public init(path: FilePath, name: UploadName? = nil) {
        self.init(path: path, name: name ?? UploadName(path.name), isFromFolder: false)
    }

    /// Standard input, to its end.
    public init(standardInputNamed name: UploadName) {
        (source, self.name, isFromFolder) = (.standardInput, name, false)
        title = "standard input"
    }

    init(path: FilePath, name: UploadName, isFromFolder: Bool) {
        (source, self.name, self.isFromFolder) = (.file(path), name, isFromFolder)
        title = TerminalText.printable("\(path)")
    }
}
