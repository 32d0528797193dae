public import Uploads

/// The value of `Upload-Limit`: what an upload may not exceed.
public struct UploadLimit: Hashable, Sendable {
    /// Bytes of the whole file; nil for no bound worth telling.
    let sizeMax: Int64?
    /// Seconds that the upload has left, from now on; nil for as many as it likes.
    private let ageSeconds: Int64?

    /// - Parameters:
    ///   - upload: whose time runs; nil for what a new upload would get.
    ///   - nowSeconds: since 1970-01-01 UTC.
    public init(_ policy: IETFPolicy, upload: Upload? = nil, nowSeconds: Int64) {
        // An upload that was taken at a larger size keeps it, whatever the operator has decided since.
        let size = max(policy.sizeMax, upload?.length ?? 0)
        sizeMax = size < UploadLimits.lengthMax ? size : nil
        ageSeconds =
            if let upload { upload.expiresSeconds.map { max($0 - nowSeconds, 0) } } else { policy.ageMaxSeconds }
    }

    /// The field's text; never empty, which would not be valid. Nil for versions without the field.
    public func text(for version: InteropVersion) -> String? {
        guard let ageKey = version.ageKey else { return nil }
        var members: [String] = []
        if let sizeMax { members.append("max-size=\(sizeMax)") }
        if let ageSeconds { members.append("\(ageKey)=\(ageSeconds)") }
        return members.isEmpty ? "min-size=0" : members.joined(separator: ", ")
    }
}
