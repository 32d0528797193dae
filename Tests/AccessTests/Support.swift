import Access
import HTTP
import TestSupport
import Uploads

/// A POST with these fields as the server's parser reads it.
func parsedPost(_ target: String = "/files", _ fields: [String] = []) throws -> RequestHead {
    try parsedHead("POST \(target)", fields)
}

/// What a body throws of one kind; nil if it does not.
func thrown<T, Failure: Error>(_ body: () throws(Failure) -> T) -> Failure? {
    do throws(Failure) {
        _ = try body()
        return nil
    } catch { return error }
}
