public import Storage

/// How an event is written.
public enum EventFormat: String, Sendable, CaseIterable {
    /// CloudEvents 1.0, structured, in JSON.
    case cloudevents
    /// As tusd's hooks have it.
    case tusd

    /// What can be told in it.
    public var kinds: Set<UploadEvent.Kind> {
        switch self {
        case .cloudevents: Set(UploadEvent.Kind.allCases)
        // Of a damaged upload nobody is told by tusd.
        case .tusd: [.created, .finished, .deleted, .expired]
        }
    }

    /// - Parameter id: the event's.
    func body(_ event: UploadEvent, id: String, _ places: EventPlaces) -> [UInt8] {
        switch self {
        case .cloudevents: CloudEvent.body(event, id: id, places)
        case .tusd: TusdHook.body(event, places)
        }
    }
}
