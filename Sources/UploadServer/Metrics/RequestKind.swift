internal import HTTP

/// What requests are counted by: method and class of the answer's status.
struct RequestKind {
    /// The methods that are told apart; the last one stands for all others.
    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"]
    /// The classes of answers; the first one for requests whose client had gone.
    static let classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]
    /// How many kinds there are.
    static let count = 48

    /// From 0 to `count` - 1: by method, then by class.
    let index: Int

    init(_ method: Method, _ status: Status?) {
        let row =
            switch method {
            case .get: 0
            case .head: 1
            case .post: 2
            case .put: 3
            case .patch: 4
            case .delete: 5
            case .options: 6
            default: 7
            }
        let code = Int(status?.code ?? 0) / 100
        index = row * RequestKind.classes.count + (RequestKind.classes.indices.contains(code) ? code : 0)
    }
}
