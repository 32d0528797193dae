internal import HTTP
internal import Uploads

/// What a handler did that none may: a fault of the program, which the log tells, and never the end of the process.
/// The client gets 500 `internal`, or, where it has an answer already, finds the connection closed.
enum HandlerFault: Error {
    /// It returned without an answer.
    case unanswered
    /// It answered a second time.
    case answeredTwice
    /// Its answer is only informational.
    case interimAnswer
    /// An informational answer that is none, that leaves HTTP (101), or that comes behind the final one.
    case lateInterim
    /// Its answer sets a field that the connection alone sets, such as `Transfer-Encoding`.
    case misplacedField(String)
    /// Its answer's fields are longer than `HTTPLimits.answerBytesMax`.
    case answerTooLong(bytes: Int)
    /// It refused with a status that says that all is well.
    case refusedWith(Status)
    /// It promised less than no content.
    case negativeLength
    /// It sent content without an answer before it.
    case contentFirst
    /// It promised more content than it sent.
    case contentMissing
    /// It sent more than it promised, or content where there is none.
    case contentTooMuch
    /// It began an answer without a length, and never ended it.
    case streamUnended
    /// It would answer that all was well where more came than was taken.
    case overflowTaken
    /// It drew the id of somebody else's upload from its client's name for its own.
    case sharedName
    /// A request of one dialect would make, or append to, an upload of another one.
    case otherDialect(DialectName, servedAs: DialectName?)
}
