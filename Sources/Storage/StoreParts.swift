/// What a claim and an append need of the store.
struct StoreParts: Sendable {
    let files: StoreFiles
    let disk: DiskThreads
    let table: UploadTable
    let catalogue: Catalogue
    let health: StoreHealth
}
