/// What becomes of events of files that are brought to a place.
extension CatalogueEvents {
    static let columns = """
        name, upload, dialect, owner, content_type, metadata, length, "offset", has_file, concatenation, created,
            sha256, finished_at, trace
        """

    /// The same of an event that is told anew: a crash may have given the file another name since.
    private static let told =
        "(SELECT coalesce(finished_name, events.name) FROM uploads WHERE id = events.upload) AS " + columns

    /// The moment of a statement, in milliseconds since 1970-01-01 UTC.
    static let now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

    /// Whether the upload is still the one whose file was on its way, and still has that file.
    private static let stands = """
        kind = \(EventStage.leavingNumber) AND EXISTS (
            SELECT 1 FROM uploads WHERE id = events.upload AND cleanup != 1 AND finished_at = events.finished_at)
        """

    private static let isWanted =
        "EXISTS (SELECT 1 FROM event_targets WHERE kinds & \(UploadEvent.Kind.finished.rawValue))"

    /// Event ?1's file stands in its place, which is ?2 and ?3 (`StoredPlace.columns`): others are told, by an event of
    /// its own.
    static let tellPlaced = """
        INSERT INTO events (kind, at, bucket, object_key, \(columns))
            SELECT \(UploadEvent.Kind.finished.rawValue), \(now), ?2, ?3, \(told) FROM events
            WHERE sequence = ?1 AND \(stands) AND \(isWanted)
        """

    /// What is left of event ?1 is to be done here.
    static let place = """
        UPDATE events SET kind = \(EventStage.placedNumber) WHERE sequence = ?1 AND \(stands)
        """

    /// And where it is, for who asks: ?2 and ?3.
    static let recordPlaced = """
        INSERT OR REPLACE INTO placements (upload, finished_at, bucket, object_key, at)
            SELECT upload, finished_at, ?2, ?3, \(now) FROM events WHERE sequence = ?1
        """

    /// Event ?1's file is not there any more, and nobody brings it.
    static let recordAbandoned = """
        INSERT OR REPLACE INTO placements (upload, finished_at, at)
            SELECT upload, finished_at, \(now) FROM events WHERE sequence = ?1 AND \(stands)
        """

    /// Where files are that were brought to their place. A row stands for one file of an upload, goes with its record,
    /// and means nothing once the upload has another file.
    static let placements = """
        CREATE TABLE IF NOT EXISTS placements (
            upload BLOB PRIMARY KEY NOT NULL,
            finished_at INTEGER NOT NULL,      -- which file of the upload it is
            bucket TEXT,                       -- '': the key is a path; NULL: the file was gone before that
            object_key TEXT,
            at INTEGER NOT NULL                -- milliseconds since 1970-01-01 UTC
        ) STRICT;
        CREATE TRIGGER IF NOT EXISTS placements_of_removed AFTER DELETE ON uploads BEGIN
            DELETE FROM placements WHERE upload = old.id;
        END;

        """

    /// Finds an upload's file that is on its way; no other event is in it.
    static let onTheirWay = """
        CREATE INDEX IF NOT EXISTS events_on_their_way ON events (upload) WHERE \(isOnItsWay);

        """

    /// What a query says to be answered by that index.
    static let isOnItsWay = "kind >= \(EventStage.leavingNumber)"

    /// There is no place any more.
    static let tellAll = """
        INSERT INTO events (kind, at, \(columns))
            SELECT \(UploadEvent.Kind.finished.rawValue), \(now), \(told) FROM events
            WHERE \(stands) AND \(isWanted) ORDER BY sequence;
        DELETE FROM event_queue WHERE sequence IN (
            SELECT sequence FROM events WHERE kind >= \(EventStage.leavingNumber));
        DELETE FROM events WHERE kind >= \(EventStage.leavingNumber)
        """
}
