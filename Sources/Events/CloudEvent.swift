internal import HTTP
internal import Storage
internal import Uploads

/// An event as CloudEvents 1.0 has it, structured, in JSON.
enum CloudEvent {
    static let contentType = "application/cloudevents+json; charset=utf-8"

    /// - Parameter type: where that is another one than the event's own.
    static func body(_ event: UploadEvent, id: String, type: String? = nil, _ places: EventPlaces) -> [UInt8] {
        var metadata = JSONObject()
        for (key, value) in EventMetadata.pairs(event) { metadata.set(key: key, value) }
        var data = JSONObject()
        data.set("id", event.upload.description)
        data.set("owner", event.owner?.description)
        data.set("dialect", event.dialect.rawValue)
        data.set("name", event.name.description)
        data.set("content_type", event.contentType)
        data.set("metadata", metadata)
        data.set("size", event.length)
        data.set("offset", event.offset)
        data.set("digest", event.sha256.map { "sha256:\(HexText.lowercase($0))" })
        data.set("partial", event.isPartial)
        data.set("created", Timestamp.text(milliseconds: event.createdSeconds.multipliedReportingOverflow(by: 1000).0))
        data.set("location", places.location(event))
        data.set("path", places.path(event))
        data.set("bucket", event.place?.bucket)
        data.set("key", event.place?.key)
        var object = JSONObject()
        object.set("specversion", "1.0")
        object.set("id", id)
        object.set("source", places.source)
        object.set("type", type ?? "sluice.upload.\(event.kind.word)")
        object.set("subject", event.upload.description)
        object.set("time", Timestamp.text(milliseconds: event.milliseconds))
        object.set("datacontenttype", "application/json")
        // CloudEvents' extension for distributed tracing.
        if let trace = event.trace { object.set("traceparent", trace) }
        object.set("data", data)
        return Array(object.text.utf8)
    }
}
