import Access
import HTTP
import Testing
import Uploads

/// A request head as the server's parser reads it.
func parsedHead(_ target: String = "/files", _ fields: [String] = []) throws -> RequestHead {
    var parser = RequestParser()
    let lines = ["POST \(target) HTTP/1.1", "Host: upload.example"] + fields
    let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    _ = try parser.consume(bytes.span)
    let head = parser.takeHead()
    return try #require(head)
}

/// What a body throws of one kind; nil if it does not.
func thrown<T, Failure: Error>(_ body: () throws(Failure) -> T) -> Failure? {
    do throws(Failure) {
        _ = try body()
        return nil
    } catch { return error }
}
