internal import HTTP

/// How it is said that a file is complete: `Upload-Complete`, or its inverse in version 3.
extension InteropVersion {
    /// Whether the request's content is the end of the file; nil if the field is absent or invalid.
    func completeness(in fields: FieldSection) -> Bool? {
        self == .draft3
            ? StructuredField.boolean(UploadField.incomplete, in: fields).map { !$0 }
            : StructuredField.boolean(UploadField.complete, in: fields)
    }

    func completenessField(_ isComplete: Bool) -> (name: StaticString, value: String) {
        self == .draft3
            ? ("Upload-Incomplete", isComplete ? "?0" : "?1") : ("Upload-Complete", isComplete ? "?1" : "?0")
    }

    /// Whether an append that does not say so is the last one. Later versions demand that it says.
    var takesSilenceForCompletion: Bool { self <= .draft6 }
}
