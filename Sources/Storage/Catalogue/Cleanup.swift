internal import Uploads

/// Files of an upload that are still to be removed. It is recorded with the change that makes them superfluous, so
/// that a crash in between forgets none.
enum Cleanup: Equatable, Sendable {
    case none
    /// The upload is deleted: all its files go, then the row. Such a row stands for no record.
    case all
    /// A file was delivered under another name than the one before, by which that one goes, and nothing else: what lies
    /// beside it is the owner's. Nil in a row of an older program, which did not keep that name: nothing goes then.
    case older(CleanName?)

    /// How it is stored, beside the name.
    enum Word: Int64, CaseIterable {
        case none = 0
        case all = 1
        case older = 2
    }

    init(_ word: Word, olderName: CleanName?) {
        self =
            switch word {
            case .none: .none
            case .all: .all
            case .older: .older(olderName)
            }
    }

    var word: Word {
        switch self {
        case .none: .none
        case .all: .all
        case .older: .older
        }
    }

    /// The name of the file that goes where it is only one.
    var olderName: CleanName? {
        if case .older(let name) = self { return name }
        return nil
    }
}
