internal import CTLSShim
internal import LinuxSystem

extension cshim_step {
    /// Whether the peer closed the connection without close_notify.
    var isUnexpectedEnd: Bool {
        switch status {
        case SSL_ERROR_SSL:
            cshim_error_is(ERR_peek_error(), Int32(ERR_LIB_SSL), SSL_R_UNEXPECTED_EOF_WHILE_READING) != 0
        case SSL_ERROR_SYSCALL: system_error == 0 && ERR_peek_error() == 0
        default: false
        }
    }

    /// What a step that ended a session is to the caller; empties the thread's queue.
    func failure(of session: OpaquePointer, isEstablished: Bool, during action: String) -> TLSError {
        let ended = isUnexpectedEnd
        let queue = ErrorQueue.drained()
        func error(_ kind: TLSError.Kind, _ text: String) -> TLSError {
            TLSError(kind, "\(action): \(text)", details: queue.details)
        }
        if ended { return error(.truncated, "the peer closed the connection") }
        if status == SSL_ERROR_SYSCALL, system_error != 0 {
            let errno = Errno(rawValue: system_error)
            return error(.system(errno), errno.description)
        }
        if case let alert = cshim_error_alert(queue.first), alert >= 0 {
            let name = String(cString: SSL_alert_desc_string_long(alert))
            return error(.alert(name), "the peer sent the alert \"\(name)\"")
        }
        if cshim_error_is(queue.first, Int32(ERR_LIB_SSL), SSL_R_CERTIFICATE_VERIFY_FAILED) != 0 {
            let result = SSL_get_verify_result(session)
            let text = X509_verify_cert_error_string(result).map { String(cString: $0) } ?? queue.reason
            return error(.certificate, "the certificate is not accepted: \(text)")
        }
        if cshim_error_is(queue.first, Int32(ERR_LIB_SSL), SSL_R_HTTP_REQUEST) != 0 {
            return error(.handshakeFailed, "the peer speaks plain HTTP")
        }
        return error(isEstablished ? .protocolViolation : .handshakeFailed, queue.reason)
    }
}
