public import ArgumentParser
public import Configuration
public import UploadClient

// What options may be set to: the names that the types themselves have.

extension Checksum: ExpressibleByArgument {}
extension UploadOptions.Dialect: ExpressibleByArgument {}

extension ByteCount: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }

    public var defaultValueDescription: String { description }
}
