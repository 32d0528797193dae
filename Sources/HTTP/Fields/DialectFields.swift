/// The fields that a dialect has of its own: browsers' pages of other origins may send and see them, and a request of
/// another dialect that has one is not understood.
public struct DialectFields: Sendable {
    /// Fields of requests.
    public let requests: [FieldName]
    /// Those of them by which a request says that it belongs to this dialect: with one of them, what looks like a whole
    /// file is not meant as one. Content with `Content-Range` reaches only dialects that have it here; of all others it
    /// is refused.
    public let marks: [FieldName]
    /// Fields of answers.
    public let answers: [FieldName]

    public init(requests: [FieldName], marks: [FieldName], answers: [FieldName]) {
        self.requests = requests
        self.marks = marks
        self.answers = answers
    }
}
