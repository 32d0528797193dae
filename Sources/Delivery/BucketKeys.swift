/// Who asks a bucket: a pair of keys, for a while with a token.
public struct BucketKeys: Sendable, Equatable {
    let access: String
    let secret: String
    let token: String?

    /// Nil where there is none, or what no field of a request can hold.
    public init?(access: String, secret: String, token: String? = nil) {
        guard [access, secret].allSatisfy({ !$0.isEmpty }),
            [access, secret, token ?? ""].allSatisfy({ $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
        else { return nil }
        self.access = access
        self.secret = secret
        self.token = token.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// From a file as Amazon's programs have it: sections `[profile]` of `name = value`. Nil where the profile is not
    /// there, or has no whole pair.
    public init?(file text: String, profile: String) {
        var values: [Substring: String] = [:]
        var isWanted = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingPrefix(while: \.isWhitespace)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("[") {
                guard let end = line.firstIndex(of: "]") else { return nil }
                let name = line[line.index(after: line.startIndex)..<end].split(separator: " ")
                isWanted = name == [Substring(profile)] || name == ["profile", Substring(profile)]
                continue
            }
            guard isWanted, let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].split(whereSeparator: \.isWhitespace)
            let value = line[line.index(after: equals)...].split(whereSeparator: \.isWhitespace)
            guard name.count == 1, value.count <= 1, values[name[0]] == nil else { return nil }
            values[name[0]] = value.first.map(String.init) ?? ""
        }
        self.init(
            access: values["aws_access_key_id"] ?? "", secret: values["aws_secret_access_key"] ?? "",
            token: values["aws_session_token"])
    }

    /// From the variables that Amazon's programs take.
    public init?(environment: [String: String]) {
        self.init(
            access: environment["AWS_ACCESS_KEY_ID"] ?? "", secret: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
            token: environment["AWS_SESSION_TOKEN"])
    }
}
