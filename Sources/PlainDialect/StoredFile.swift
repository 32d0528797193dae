internal import HTTP
public import Uploads

/// One file that a plain upload or a form left behind, as its sender is told.
public struct StoredFile: Sendable {
    /// Its address on this server.
    public let location: String
    /// The name it was stored under.
    public let name: CleanName
    /// Size in bytes.
    public let size: Int64

    public init(location: String, name: CleanName, size: Int64) {
        self.location = location
        self.name = name
        self.size = size
    }

    var json: String {
        var object = JSONObject()
        object.set("location", location)
        object.set("name", name.description)
        object.set("size", size)
        return object.text
    }
}
