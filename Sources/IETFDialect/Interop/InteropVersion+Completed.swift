/// What becomes of an append to an upload that is complete.
extension InteropVersion {
    /// Whether an empty last append at the end of the file is answered like the one that completed it, whose answer the
    /// client may have lost. Version 6 demands 400, and 7 and 8 a refusal; the first ones say nothing.
    var replaysCompletion: Bool { self <= .draft5 || self >= .draft9 }
}
