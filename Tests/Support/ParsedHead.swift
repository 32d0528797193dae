public import HTTP

/// A request head as the server's parser reads it; the line goes without its version.
///
/// - Throws: what the parser throws; `CancellationError` where the head has not ended.
public func parsedHead(_ requestLine: String, _ fields: [String] = []) throws -> RequestHead {
    var parser = RequestParser()
    let text = ([requestLine + " HTTP/1.1", "Host: upload.example"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    let bytes = Array(text.utf8)
    _ = try parser.consume(bytes.span)
    guard let head = parser.takeHead() else { throw CancellationError() }
    return head
}
