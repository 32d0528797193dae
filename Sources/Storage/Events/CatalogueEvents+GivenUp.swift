/// Events that a target was not told of after all attempts: the last thousands of them stay, as they were, until
/// somebody has them told again.
extension CatalogueEvents {
    /// All of an event but its number.
    private static let whole = "kind, at, bucket, object_key, \(columns)"

    static let givenUp = """
        CREATE TABLE IF NOT EXISTS events_given_up (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            target INTEGER NOT NULL,
            sequence INTEGER NOT NULL,         -- by which the event is called
            given_up_at INTEGER NOT NULL,      -- milliseconds since 1970-01-01 UTC
            reason TEXT,                       -- why the target did not take it the last time
            kind INTEGER NOT NULL,             -- this and what follows as in events
            at INTEGER NOT NULL,
            \(described),
            sha256 BLOB, finished_at INTEGER, bucket TEXT, object_key TEXT, trace TEXT,
            UNIQUE (sequence, target)
        ) STRICT;

        """

    /// A target that is not configured any more is nobody to tell again.
    static let forgetGivenUp = "DELETE FROM events_given_up WHERE target NOT IN (SELECT id FROM event_targets)"

    /// Target ?1 is not told of event ?2, because of ?3.
    static let giveUp = """
        INSERT OR REPLACE INTO events_given_up (target, sequence, given_up_at, reason, \(whole))
            SELECT ?1, coalesce(told_as, sequence), \(now), ?3, \(whole) FROM events WHERE sequence = ?2
            AND EXISTS (SELECT 1 FROM event_queue WHERE target = ?1 AND event_queue.sequence = ?2)
        """

    /// Only the last ones are kept.
    static let trimGivenUp = """
        DELETE FROM events_given_up
            WHERE number <= (SELECT max(number) FROM events_given_up) - \(StorageLimits.eventsGivenUpMax)
        """

    /// Those called ?1, or all where that is NULL, of targets that want to be told: as events with numbers of their
    /// own, so that they come behind what waits, each for the target alone that was not told.
    static let tellAgain = """
        INSERT INTO events (told_as, again_at, only_for, \(whole))
            SELECT sequence, \(now), target, \(whole) FROM events_given_up WHERE \(isMeant) ORDER BY number
        """

    static let removeToldAgain = "DELETE FROM events_given_up WHERE \(isMeant)"

    private static let isMeant = """
        (?1 IS NULL OR sequence = ?1) AND target IN (SELECT id FROM event_targets WHERE kinds & kind)
        """
}
