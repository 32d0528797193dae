/// Where an upload is in its life.
///
/// | from     | event                                   | to       |
/// |----------|-----------------------------------------|----------|
/// | –        | created                                 | open     |
/// | open     | bytes settled                           | open     |
/// | open     | all bytes settled, file delivered       | finished |
/// | open     | data file shorter than the record       | failed   |
/// | finished | restarted by its client (file-id)       | open     |
/// | failed   | restarted by its client (file-id)       | open     |
/// | open     | not continued in time                   | expired  |
/// | any      | deleted                                 | –        |
public enum UploadState: UInt8, Sendable, CaseIterable {
    /// Bytes may be appended at the offset.
    case open = 0
    /// The file is whole and stands under its own name.
    case finished = 1
    /// What was promised is not there any more; never resumed.
    case failed = 2
    /// Its bytes are gone because nobody went on with it; the record stays a while to say so.
    case expired = 3
}
