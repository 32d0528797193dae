public import HTTPClient
public import TLS

/// Where keys are published by which tokens are checked (a JSON Web Key Set), and who takes them.
public struct KeySource: Sendable {
    /// What became of a set that was read.
    public enum Outcome: Sendable {
        /// Its keys count from now on, and no others: how many, none perhaps, and what is wrong with those that were
        /// passed by, a line each.
        case new(count: Int, faults: [String])
        /// They are those of before.
        case same
        /// Those of before go on; why, in one line.
        case unusable(String)
    }

    /// Where it is.
    public let url: HTTPURL
    /// For https; nil where only http is spoken.
    public let tls: TLSContext?
    /// Takes the text of a set, or nothing of it. Called by one thread at a time; may take milliseconds.
    public let take: @Sendable ([UInt8]) -> Outcome

    public init(url: HTTPURL, tls: TLSContext?, take: @escaping @Sendable ([UInt8]) -> Outcome) {
        self.url = url
        self.tls = tls
        self.take = take
    }
}
