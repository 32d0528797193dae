internal import HTTP2

/// The bounds of the server that no option changes.
enum ServerLimits {
    /// Bytes read from a connection at once while no body flows: a head and a little more, since what belongs to a body
    /// is copied once more from here.
    static let headReadBytes = 8 * 1024
    /// Files of all forms that wait for the ends of their forms, two kilobytes of memory each.
    static let formPlacesMax = 16_384
    /// Log lines that wait for a slow reader, in bytes.
    static let logBytesMax = 8 << 20
    /// How long the end of the process waits for somebody to read what the log still has to say.
    static let logCloseNanoseconds: Int64 = 2_000_000_000
    /// How long log lines gather before they are written together.
    static let logGatherNanoseconds: Int64 = 5_000_000
    /// Expired uploads removed in one step of the sweep …
    static let sweepStepUploads = 64
    /// … so many of them at once, each lot in so much time, and then what goes on is left to itself; …
    static let sweepRemovalsAtOnce = 8
    static let sweepPatienceNanoseconds: Int64 = 2_000_000_000
    /// … of which there may be so many, …
    static let sweepRemovalsMax = 256
    /// … looked at so often; …
    static let sweepLookNanoseconds: Int64 = 5_000_000
    /// … the pause after a step, while more is due …
    static let sweepStepNanoseconds: Int64 = 20_000_000
    /// … and after the last one.
    static let sweepRestNanoseconds: Int64 = 15_000_000_000
    /// Files that the file system must still be able to hold for the server to say that it is ready.
    static let readyFilesMin: Int64 = 100
    /// A body that nobody wants is read to its end when so much of it, at most, is left; the connection then goes on.
    static let drainKeptBytes: Int64 = 64 * 1024
    /// A large buffer is kept for a body that pauses so long at most; then its bytes are written as they are.
    static let bufferHoldNanoseconds: Int64 = 50_000_000
    /// How long a body rests whose encryption costs a hundred times what its bytes do, after each read.
    static let crumbPauseNanoseconds: Int64 = 2_000_000
    /// Bytes that must come within one hold for a body to count as fast and keep its buffer between arrivals.
    static let fastBodyBytes = 128 * 1024
    /// Bytes that OpenSSL has read ahead at most and not handed out: three records of TLS.
    static let encryptedAheadBytes: Int64 = 48 * 1024
    /// What a download leaves waiting in the system beyond what the network has taken, in bytes: enough for the loop to
    /// come back in time, and little where the client does not read.
    static let unsentBytesMax: Int32 = 256 * 1024
    /// A download of which not a byte leaves. Longer than for bodies: a receiver's system takes note of what was read
    /// in steps of its own, of 64 KiB on this machine, which a slow reader needs a minute for.
    static let downloadIdleNanoseconds: Int64 = 120_000_000_000
    /// How much of a rate that was not used may be made up for, in nanoseconds of it.
    static let rateCreditNanoseconds: Int64 = 250_000_000
    /// Different rates of one owner that are remembered beyond those in use.
    static let rateLinesMax = 64
    /// Who waits for a rate is told when he may go on so much earlier than he knows: less is no more than a timer's
    /// own error.
    static let rateWakeNanoseconds: Int64 = 1_000_000
    /// A body whose rate is bounded is read in so many steps a second, if it is alone …
    static let rateStepsPerSecond: Int64 = 8
    /// … but none is of fewer bytes than are worth a read and a write, …
    static let rateStepBytesMin: Int64 = 4096
    /// … or of more than a buffer holds.
    static let rateStepBytesMax: Int64 = 1 << 20
    /// Owners whose rates are remembered, with more of whom those are forgotten that do not matter any more.
    static let rateAccountsMin = 4096
    /// The TLS handshake, from accept to finish.
    static let handshakeNanoseconds: Int64 = 15_000_000_000
    /// How long a connection waits for its next request before it gives up its task, and all memory that it can.
    static let parkNanoseconds: Int64 = 1_000_000_000
    /// Free memory that each heap keeps, in bytes: what the encryption of 32 bodies takes while they come, and gives
    /// back with each of them.
    static let freeMemoryKeptBytes = 2 << 20
    /// Free memory goes back to the system when so many connections have come to rest, or to their end, …
    static let trimConnections = 256
    /// … which is looked at so often: at once when that has calmed down, …
    static let trimStepNanoseconds: Int64 = 2_000_000_000
    /// … and after so many looks in any case.
    static let trimStepsMax = 30
    /// A connection without a request.
    static let idleNanoseconds: Int64 = 75_000_000_000
    /// A request head, from its first byte to its last.
    static let headNanoseconds: Int64 = 20_000_000_000
    /// The minimum rate of a body is an average over so much time spent waiting for it; the first window is the grace
    /// that a slow start gets.
    static let bodyRateWindowNanoseconds: Int64 = 60_000_000_000
    /// The minimum rate unless an option says another, in bytes a second: an eighth of the slowest link that anybody
    /// uploads over.
    static let bodyRateBytes: Int64 = 128
    /// Bytes that may be read past the end of a chunk, and so kept for the next request.
    static let chunkReadAheadBytes = 64 * 1024
    /// Of the memory for bodies this part (one over so many) is for what has come for streams of HTTP/2 whose tasks
    /// have not taken it yet.
    static let streamMemoryShare = 8
    /// The window of one stream grows to this part (one over so many) of the memory for bodies at most.
    static let streamWindowShareOfMemory = 4
    /// Bytes read from a connection of HTTP/2 at once while its only stream has lent no memory for them, …
    static let heldBytesSoon = 16 * 1024
    /// … or while all connections together hold as much as they may, …
    static let heldBytesPressed = 4096
    /// … and those of a large window that may wait: more would be copied for nothing by the time that they are taken, …
    static let heldBytesAlone = 64 * 1024
    /// … unless none are for twice so long: then what stands behind them is read, …
    static let heldPatienceNanoseconds: Int64 = 20_000_000
    /// … as many as all streams of a connection may be sent ahead before they have shown that they are taken.
    static let heldBytesMax =
        HTTP2Limits.streamsMax * HTTP2Limits.streamWindowBytes + heldBytesSlowedMax + HTTP2Limits.windowStepBytes
    /// Bytes of the heads of all streams of a connection: a hundred of 10 kB, which is five times what browsers send. A
    /// client may repeat a large head by a few bytes (RFC 7541), and it is there as long as its stream is.
    static let streamHeadsBytesMax = 1 << 20
    /// Streams of a connection that get their tasks at once, before others have their turn.
    static let streamsBegunAtOnce = 25
    /// With more streams at once it is found out first whether their client is still there, who costs nothing if not:
    /// some clients begin with a few requests. What has not been read by then is lost with a client that has gone, so
    /// fewer are served without being asked for: what has come of an upload is kept.
    static let streamsUnansweredMax = 4
    /// Content of a frame, in bytes, behind which more is to be expected at once.
    static let floodFrameBytes = 4096
    /// What all streams of a connection whose bodies a rate slows down may be sent ahead together, in bytes, beyond
    /// what each may be sent at first.
    static let heldBytesSlowedMax = 4 << 20
    /// Who asks for more parts of a file than so many at once waits for a slice of the loop's time.
    static let partsAtOnce = 8
    /// Open connections unless an option says another number, however many descriptors there are …
    static let connectionsMax = 50_000
    /// … each of which may need so many: the socket, and the file that it writes, through the page cache and past it …
    static let descriptorsOfConnection = 3
    /// … besides those of listeners, loops, catalogue and log.
    static let descriptorsReserved = 64
    /// With fewer connections at once the start says so: it is a test, or somebody forgot to raise the limit of open
    /// files.
    static let connectionsWarned = 256
    /// One address gets this fraction of all connections unless an option says another number: an office behind one
    /// address is no attack, a single address that takes everything is.
    static let connectionsShareOfAddress = 2
    /// What a client is told that is turned away for want of room.
    static let retryAfterRefusalSeconds = 5
    /// The same where it takes somebody's doing to change that: a full disk, too many unfinished uploads.
    static let retryAfterShortageSeconds = 60
    /// How often the log says that connections are refused, at most.
    static let refusalLogNanoseconds: Int64 = 10_000_000_000
    /// Between two lines on connections that no trusted proxy has announced: a scanner makes many.
    static let unproxiedLogNanoseconds: Int64 = 1_000_000_000
    /// A response, but for a file's content, that the client does not take.
    static let responseNanoseconds: Int64 = 60_000_000_000
    /// How long a request waits yet for an upload that another one has, when its client has gone or the server stops.
    static let waitWithoutClientNanoseconds: Int64 = 2_000_000_000
    /// From SIGTERM to the end of the process, whatever still runs.
    static let stopNanoseconds: Int64 = 30_000_000_000
    /// From SIGTERM to the closing of the store, which has the rest of the time.
    static let stopClientsNanoseconds: Int64 = 25_000_000_000
    /// From SIGTERM to the first lines on requests that do not end: before Docker kills, whose patience is short.
    static let stopPatienceNanoseconds: Int64 = 5_000_000_000
    /// Requests of a loop that are named then; that there are more is said.
    static let unendedNamedMax = 16
    /// A loop that has not got to what it was given by then, while the server stops, is said to stand still.
    static let stopLagNanoseconds: Int64 = 2_000_000_000
    /// What one call says that it has sent, at most: more than any memory holds.
    static let pieceBytesMax = 1 << 44
    /// From SIGTERM on, for answers that are being sent: downloads that take longer are cut.
    static let stopDownloadNanoseconds: Int64 = 20_000_000_000
    /// How long a client that has connected, or begun a request, may take to say what it wants when the server stops.
    static let stopRequestNanoseconds: Int64 = 2_000_000_000
    /// How long a client may take, when the server stops, to read its last answer and close.
    static let stopClosingNanoseconds: Int64 = 1_000_000_000
    /// What a service manager is asked for beyond all that.
    static let stopMarginNanoseconds: Int64 = 10_000_000_000
    /// An authority's token, and the answer to it, in bytes: both have some 43 and 87 in use.
    static let acmeTokenBytesMax = 128
    static let acmeBytesMax = 4096
    /// Answers to authorities that are waited for at once, a request each: some 10 µs of the disk's, so that nobody
    /// keeps an authority waiting for long by asking, too.
    static let acmeReadsMax = 10_000
    /// How long somebody waits for such an answer to be read, at least: less than an authority waits.
    static let acmeReadNanoseconds: Int64 = 5_000_000_000
    /// How often the loops' pulse is felt, in nanoseconds, unless a service manager wants to hear of it more often.
    static let beatNanoseconds: Int64 = 5_000_000_000
    /// How long a stop waits for a configured file that is being read.
    static let stopReadingNanoseconds: Int64 = 500_000_000
    /// Questions to the application that says who may that are under way at once, a connection each: at 0.2 s an answer
    /// that is 640 credentials a second.
    static let authorityAskersMax = 128
    /// Questions that wait for one of these; past it requests are refused. Each holds the credential of a request.
    static let authorityQueueMax = 4096
    /// Credentials of which all loops together, and each loop, remember that they passed: some hundred bytes each.
    static let authorityAnswersMax = 16_384
    static let loopAnswersMax = 8192
    /// How long a connection to that application is kept that nobody needs: servers close theirs after a minute or so.
    static let authorityRestNanoseconds: Int64 = 45_000_000_000
    /// A request waits so much longer for an answer than whoever asks: what went wrong is told by that one.
    static let authorityMarginNanoseconds: Int64 = 250_000_000
    /// How often the log says that the application cannot be asked, at most.
    static let authorityLogNanoseconds: Int64 = 30_000_000_000
    /// Questions about uploads that are under way at once, of each kind, a connection each: at 0.1 s an answer that is
    /// 1,280 uploads a second.
    static let questionAskersMax = 128
    /// Questions of one kind that wait for one of these; past it they count as unanswered. Each holds a record, of ten
    /// KiB at most.
    static let questionQueueMax = 2048
    /// How long published keys are good for whose publisher does not say, …
    static let keysNanoseconds: Int64 = 900_000_000_000
    /// … and the least and the most of it where it does: a key that was taken back counts so much longer.
    static let keysNanosecondsMin: Int64 = 300_000_000_000
    static let keysNanosecondsMax: Int64 = 3_600_000_000_000
    /// After a failure they are read again so soon, and then after twice as long each time.
    static let keysRetryNanoseconds: Int64 = 1_000_000_000
    /// Tokens that name unknown keys have them read once in so long, however many come: strangers make any number.
    static let keysAskedNanoseconds: Int64 = 10_000_000_000
    /// How long reading them may take.
    static let keysReadNanoseconds: Int64 = 5_000_000_000
    /// How often certificate files are looked at, to find out whether they were replaced.
    static let certificateCheckNanoseconds: Int64 = 5_000_000_000
    /// Uploads of one page of a list, unless asked for fewer, and at most.
    static let listedUploads = 100
    static let listedUploadsMax = 1000
    /// Steps through the records for one page: then it ends, however little was found, and says where to go on.
    static let listStepsMax = 64
    /// Connections on which what becomes of uploads is watched: of who looks after the server, who has few …
    static let watchersMax = 8
    /// … and of owners, each of an upload of their own.
    static let ownersWatchersMax = 512
    /// Of these one owner's, or, where nobody is asked who they are, those of one upload: eight may be greedy before
    /// anybody else finds none, and a page with its hundred uploads watches most of them one after the other.
    static let ownerWatchersMax = 64
    /// How often a watcher looks for news, in nanoseconds, while there are none, …
    static let watchNanoseconds: Int64 = 200_000_000
    /// … while there are …
    static let watchSoonNanoseconds: Int64 = 20_000_000
    /// … and for how far uploads have come.
    static let watchProgressNanoseconds: Int64 = 500_000_000
    /// How often it is told how the server is, in nanoseconds.
    static let watchOverviewNanoseconds: Int64 = 2_000_000_000
    /// What goes on is written down so often, in nanoseconds …
    static let trafficNanoseconds: Int64 = 15_000_000_000
    /// … and kept so many times: an hour.
    static let trafficSamplesMax = 240
    /// How often one upload is looked at for its owner, in nanoseconds.
    static let ownWatchNanoseconds: Int64 = 500_000_000
    /// How often who watches is asked again whether they may, in nanoseconds: a token may have come to its end.
    static let watchAdmissionNanoseconds: Int64 = 5_000_000_000
    /// After so long a silence a watcher is told that the server is there, in nanoseconds: proxies close what is
    /// silent.
    static let watchSilenceNanoseconds: Int64 = 15_000_000_000
    /// How long a watcher may take nothing of what it is sent, in nanoseconds.
    static let watchStallNanoseconds: Int64 = 120_000_000_000
    /// News that are sent to a watcher at once.
    static let watchItemsAtOnce = 64
    /// How many such lots it is told before how far uploads are and how the server is.
    static let watchLotsAtOnce = 16
    /// Connections of who looks after the server, beyond those of clients.
    static let adminConnectionsMax = 32
}
