internal import HTTP
internal import Storage
internal import Uploads

/// An event as tusd's HTTP hooks have it. What tusd tells of the request (its fields, its client's address) is not
/// known any more when an event is told, but for its method, its path and `traceparent`.
enum TusdHook {
    static let contentType = "application/json"

    static func type(_ kind: UploadEvent.Kind) -> String {
        switch kind {
        case .created: "post-create"
        case .finished: "post-finish"
        case .deleted, .expired, .failed: "post-terminate"
        }
    }

    static func body(_ event: UploadEvent, _ places: EventPlaces) -> [UInt8] {
        var object = JSONObject()
        object.set("Type", type(event.kind))
        var inner = JSONObject()
        inner.set("Upload", upload(event, places))
        inner.set("HTTPRequest", request(event, places))
        object.set("Event", inner)
        return Array(object.text.utf8)
    }

    private static func upload(_ event: UploadEvent, _ places: EventPlaces) -> JSONObject {
        var metadata = JSONObject()
        let pairs = EventMetadata.pairs(event)
        for (key, value) in pairs { metadata.set(key: key, value) }
        // Clients of other dialects say it elsewhere.
        if !pairs.contains(where: { $0.key == "filename" }) { metadata.set(key: "filename", event.name.description) }
        if let type = event.contentType, !pairs.contains(where: { $0.key == "filetype" }) {
            metadata.set(key: "filetype", type)
        }
        var object = JSONObject()
        object.set("ID", event.upload.description)
        object.set("Size", event.length ?? 0)
        object.set("SizeIsDeferred", event.length == nil)
        object.set("Offset", event.offset)
        object.set("MetaData", metadata)
        object.set("IsPartial", event.isPartial)
        object.set("IsFinal", event.concatenation?.parts != nil)
        object.set("PartialUploads", event.concatenation?.parts?.map(\.description))
        if case .object(let bucket, let key)? = event.place {
            var storage = JSONObject()
            storage.set("Type", "s3store")
            storage.set("Bucket", bucket)
            storage.set("Key", key)
            object.set("Storage", storage)
        } else if let path = places.path(event) {
            var storage = JSONObject()
            storage.set("Type", "filestore")
            storage.set("Path", path)
            object.set("Storage", storage)
        } else {
            object.set("Storage", JSONObject?.none)
        }
        return object
    }

    private static func request(_ event: UploadEvent, _ places: EventPlaces) -> JSONObject {
        var object = JSONObject()
        object.set("Method", event.kind == .created ? "POST" : event.kind == .finished ? "PATCH" : "DELETE")
        object.set("URI", event.kind == .created ? "\(places.base.collection)/" : places.base.path(of: event.upload))
        object.set("RemoteAddr", "")
        var fields = JSONObject()
        if let trace = event.trace { fields.set("Traceparent", [trace]) }
        object.set("Header", fields)
        return object
    }
}
