/// Which 104 (Upload Resumption Supported) a client understands.
extension InteropVersion {
    /// Only who has named a known version may be sent one: others take it for the final answer, or hang.
    var understandsInterim: Bool { self != .unversioned }

    /// Whether more of them may follow, to tell the progress.
    var understandsProgress: Bool { understandsInterim && self >= .draft5 }
}
