/// What becomes of an upload whose content runs past its length.
extension InteropVersion {
    /// Whether the upload is lost. Before, the server stops at the length and refuses the request only.
    var invalidatesOverrun: Bool { self >= .draft8 }
}
