// The page's bounds, with their units and reasons.

export const Limits = Object.freeze({
    requests: 6,              // uploads at work at the same time: browsers open six connections to one server
    requestsShared: 64,       // the same where they share one connection, as HTTP/2 has it, ...
    sharedBytes: 16 << 20,    // ... beyond the first few as long as they have no more together, for a slow line's sake
    large: 3,                 // of these, such as take more than one request
    files: 10000,             // uploads on the page
    groupRows: 20,            // rows that a group shows before somebody asks for more
    moreRows: 200,            // rows that are added then

    smallBytes: 1 << 20,      // up to here one request makes the upload and fills it; when cut, it is all sent again
    chunkBytes: 256 << 10,    // least, and first, length of one request for a larger file
    chunkBytesMax: 256 << 20, // a piece is summed up before it is sent
    chunkGrowth: 4,           // how much longer than the one before a request may be
    chunkSeconds: 4,          // what a request should take: the bar moves when it is answered
    chunkSecondsMax: 20,      // the same where answers are slow, so that waiting for them stays a small part
    waitShare: 20,            // a request takes so many times what its answer is waited for
    bodyBytes: 64 << 10,      // a proxy that lets less through is given up on
    digestStep: 1 << 20,      // bytes of a file that are read and summed up at a time

    records: 4000,            // uploads remembered by the browser, which grants a page about 5 MB
    recordDays: 60,
    metadataBytes: 7000,      // of what is said about a file; servers take 8,192 for it
    looks: 200,               // unfinished uploads that are asked about when the page opens

    askSeconds: 60,           // the server may have to write out an older append before it can answer
    createSeconds: 180,       // a small file on a slow line
    stallSeconds: 45,         // without any progress while bytes flow
    storeSeconds: 300,        // from the last byte sent to the answer: hops pass it on, the disk syncs
    retrySeconds: 30,         // longest pause between two tries
    fullDiskSeconds: 120,     // the same while the server has no space
    retryAfterSeconds: 600,   // longest pause that a server may ask for
    beatSeconds: 5,           // how often a window says that it is there
    absentSeconds: 75,        // without that for so long it is gone; timers of hidden windows run once a minute
    drawMilliseconds: 150,    // between two looks at the list, however much happens
    newsMilliseconds: 1000,   // changes of so long are told to screen readers in one breath
});
