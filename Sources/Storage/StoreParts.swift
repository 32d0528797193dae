internal import LinuxSystem
internal import Uploads

/// What a claim and an append need of the store. One object, so that each of them holds one reference.
final class StoreParts: Sendable {
    let files: StoreFiles
    let disk: DiskThreads
    let table: UploadTable
    let catalogue: Catalogue
    let health: StoreHealth
    let smallBuffers: SmallBuffers
    /// Nil with durability `process`, which needs none, unless another run has left something in it.
    let journal: Journal?
    let expiry: ExpiryPolicy
    let assemblies: Assemblies
    let clock: SteadyClock
    let space: SpaceGauge
    let pulses: StorePulses
    /// Nil where nobody is to be told of events.
    let outbox: EventOutbox?

    init(
        files: StoreFiles, disk: DiskThreads, table: UploadTable, catalogue: Catalogue, health: StoreHealth,
        smallBuffers: SmallBuffers, journal: Journal?, expiry: ExpiryPolicy, assemblies: Assemblies, clock: SteadyClock,
        space: SpaceGauge, pulses: StorePulses, outbox: EventOutbox?
    ) {
        self.files = files
        self.disk = disk
        self.table = table
        self.catalogue = catalogue
        self.health = health
        self.smallBuffers = smallBuffers
        self.journal = journal
        self.expiry = expiry
        self.assemblies = assemblies
        self.clock = clock
        self.space = space
        self.pulses = pulses
        self.outbox = outbox
    }

    /// Seconds since 1970-01-01 UTC, as believed.
    func wallSeconds() -> Int64 { clock.seconds }

    /// Whether small bodies may be delivered together.
    var takesSmall: Bool { files.durability == .process || journal?.isAvailable ?? false }

    /// Opens a delivered file, nil where there is none; and answers whether it is the one that the record tells of.
    ///
    /// An attempt to replace it has a data file until that takes its place, and the record follows after that.
    func openDelivered(
        _ upload: Upload, _ name: CleanName
    ) async throws(StorageError) -> (DeliveredFile?, isRecorded: Bool) {
        let (files, id, isOpen) = (files, upload.id, upload.state == .open)
        return try await disk.run { () throws(StorageError) -> (DeliveredFile?, isRecorded: Bool) in
            let file = try files.openDelivered(id, name)
            if file == nil || !isOpen { return (file, true) }
            return (file, try files.dataSize(id) != nil)
        }
    }

    /// The record with its time starting anew; left as it is where nothing expires.
    func renewed(_ upload: Upload) -> Upload {
        guard let seconds = expiry.expiresSeconds(nowSeconds: clock.latestSeconds) else { return upload }
        var renewed = upload
        renewed.expiresSeconds = seconds
        return renewed
    }
}
