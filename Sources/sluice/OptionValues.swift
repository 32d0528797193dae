public import ArgumentParser
public import Logging
public import Storage
public import UploadClient
public import UploadServer

// What options may be set to: the names that the types themselves have.

extension Checksum: ExpressibleByArgument {}
extension Durability: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
extension UploadOptions.Dialect: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Something that is done or not.
enum Switch: String, ExpressibleByArgument, CaseIterable {
    case on
    case off
}
