public import HTTP
public import Uploads

/// Whether a `DELETE` may remove an upload, finished or not, whatever protocol began it. The parts of a final one stay:
/// others may list them.
public enum Termination {
    /// - Parameters:
    ///   - upload: as it stands, whoever was writing into it fenced.
    ///   - nowSeconds: seconds since 1970-01-01 UTC.
    /// - Throws: 404 for what is not there, 410 for what is past its time. A damaged upload may be removed.
    public static func check(_ upload: Upload?, nowSeconds: Int64) throws(Refusal) {
        _ = try upload.found(nowSeconds: nowSeconds)
    }
}
