internal import HTTP

/// How an append looks, and its answer while the file is not complete.
extension InteropVersion {
    /// Whether an append must be `application/partial-upload`; before, it kept the type of the file.
    var demandsMediaType: Bool { self >= .draft6 }

    /// The answer to an append that was taken but is not the last.
    var partialAppendStatus: Status { self <= .draft6 ? .created : .noContent }
}
