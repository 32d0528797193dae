public import HTTP

/// The fields of the file-id dialect.
public enum FileIDField {
    /// Which file.
    public static let fileID = FieldName("X-File-Id")
    static let startByte = FieldName("X-Start-Byte")
    static let fileSize = FieldName("X-File-Size")
    static let restart = FieldName("X-Restart")

    /// All of them.
    public static let all = DialectFields(
        requests: [fileID, startByte, fileSize, restart], marks: [fileID, startByte, fileSize],
        answers: [FieldName("Location")])
}
