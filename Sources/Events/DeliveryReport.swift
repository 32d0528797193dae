internal import Storage
internal import Uploads

/// Something in the delivery of events that belongs in the log. Targets are told by their URLs without a query.
public enum DeliveryReport: Sendable, CustomStringConvertible {
    /// Nobody answers for a target; it is tried again and again.
    case failing(target: String, reason: String)
    /// It answers again.
    case recovered(target: String)
    /// A target does not take this event; it is tried again.
    case refused(target: String, event: String, upload: String, reason: String)
    /// An event was tried for as long as may be: this target will not be told of it.
    case gaveUp(target: String, event: String, upload: String)
    /// A target wants nothing more (410): its queue is gone.
    case ended(target: String)
    /// The store could not say what is to be told; it is asked again.
    case storeFailed(reason: String)
    /// Files cannot be brought to their place, and wait.
    case placeFailing(place: String, reason: String)
    /// They can again.
    case placeRecovered(place: String)
    /// One file is not taken; it is tried again.
    case notPlaced(place: String, upload: String, reason: String)
    /// A file stands in its place.
    case placed(upload: String, place: String, bytes: Int64)
    /// Somebody has taken or changed the file here before it was brought: nobody is told that it is finished.
    case nothingToPlace(place: String, upload: String)

    /// One line for the log.
    public var description: String {
        switch self {
        case .failing(let target, let reason): "\(target) takes no events, which wait: \(reason)"
        case .recovered(let target): "\(target) is there again, and told of events"
        case .refused(let target, let event, let upload, let reason):
            "\(target) does not take event \(event) of upload \(upload), which is tried again: \(reason)"
        case .gaveUp(let target, let event, let upload):
            "\(target) was not told of event \(event) of upload \(upload): given up"
        case .ended(let target): "\(target) wants no more events (410): none is kept for it until the next start"
        case .placeFailing(let place, let reason): "files cannot be brought to \(place), and wait: \(reason)"
        case .placeRecovered(let place): "files are brought to \(place) again"
        case .notPlaced(let place, let upload, let reason):
            "the file of upload \(upload) is not taken by \(place), and is tried again: \(reason)"
        case .placed(let upload, let place, let bytes):
            "the file of upload \(upload), \(bytes) bytes, stands in \(place)"
        case .nothingToPlace(let place, let upload):
            "the file of upload \(upload) was taken or changed here before \(place) had it: nobody is told of it"
        case .storeFailed(let reason): "events cannot be read: \(reason)"
        }
    }
}
