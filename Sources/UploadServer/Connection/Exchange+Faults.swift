internal import HTTP

/// What a handler's answer may not be. It is looked at before a byte of it leaves, so that no carrier sees one that it
/// would frame in a way of its own.
extension Exchange {
    /// What is wrong with a final answer; nil where it may go out.
    ///
    /// - Parameter contentLength: as it is promised, `.max` where nobody knows.
    func fault(of response: borrowing ResponseHead, _ contentLength: Int64) -> HandlerFault? {
        if answered != nil { return .answeredTwice }
        let status = response.status
        if status.isInformational { return .interimAnswer }
        if contentLength < 0 { return .negativeLength }
        // 205 has a length, and that is 0 (RFC 9110 15.3.6).
        if contentLength > 0, status.forbidsContent || status.code == 205 { return .contentTooMuch }
        return fault(of: response)
    }

    /// What is wrong with an informational one.
    func fault(ofInterim response: ResponseHead) -> HandlerFault? {
        // Behind a 101 nobody speaks HTTP any more.
        guard answered == nil, response.status.isInformational, response.status.code != 101 else { return .lateInterim }
        return fault(of: response)
    }

    /// What is wrong with its fields.
    private func fault(of response: borrowing ResponseHead) -> HandlerFault? {
        // HTTP/2 would not carry it, and say nothing instead.
        if response.fieldBytes > HTTPLimits.answerBytesMax { return .answerTooLong(bytes: response.fieldBytes) }
        return response.misplacedField.map(HandlerFault.misplacedField)
    }
}
