public import HTTP

/// The fields of whole files, as they are sent and fetched: none of its own, all of HTTP.
public enum PlainField {
    /// All of them.
    public static let all = DialectFields(
        requests: [
            .contentDisposition, .contentEncoding, .contentRange, .ifMatch, .ifModifiedSince, .ifNoneMatch, .ifRange,
            .ifUnmodifiedSince, .range,
        ],
        marks: [],
        answers: [
            FieldName("Location"), FieldName("ETag"), FieldName("Last-Modified"), FieldName("Accept-Ranges"),
            .contentRange, .contentDisposition, FieldName("Repr-Digest"),
        ])
}
