/// Looks after a watch whose task waits elsewhere (`Watch.attend`).
public protocol WatchAttendant: AnyObject {
    /// Something has happened that would have ended a sleep, or nothing: the watch tells. On the watch's loop.
    func stirred()
}
