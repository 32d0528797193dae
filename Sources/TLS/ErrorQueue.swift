internal import CTLSShim

/// OpenSSL's queue of what went wrong on this thread, taken as a whole so that nothing stays for the next call.
struct ErrorQueue {
    /// The packed code of the newest entry, which is the most general one, and of the oldest, which is the cause.
    private(set) var last: UInt = 0
    private(set) var first: UInt = 0
    /// `library: reason (data)`, oldest first.
    private(set) var details: [String] = []

    /// Empties the thread's queue into a new value.
    static func drained() -> ErrorQueue {
        var queue = ErrorQueue()
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        while case let code = ERR_get_error_all(nil, nil, nil, &data, &flags), code != 0 {
            if queue.first == 0 { queue.first = code }
            queue.last = code
            guard queue.details.count < TLSLimits.errorDetailsMax else { continue }
            let library = ERR_lib_error_string(code).map { String(cString: $0) } ?? "OpenSSL"
            var text = "\(library): \(reason(code))"
            if flags & ERR_TXT_STRING != 0, let data, data.pointee != 0 { text += " (\(String(cString: data)))" }
            queue.details.append(text)
        }
        return queue
    }

    /// The cause in OpenSSL's words.
    var reason: String { first == 0 ? "unknown reason" : ErrorQueue.reason(first) }

    private static func reason(_ code: UInt) -> String {
        ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
    }
}

extension TLSError {
    /// A failure of OpenSSL itself, with the thread's queue.
    static func openSSL(_ action: String) -> TLSError {
        let queue = ErrorQueue.drained()
        return TLSError(.openSSL, "OpenSSL cannot \(action): \(queue.reason)", details: queue.details)
    }

    /// Something the operator gave cannot be used; the thread's queue is taken along as details only.
    static func configuration(_ description: String) -> TLSError {
        TLSError(.configuration, description, details: ErrorQueue.drained().details)
    }
}
