internal import Uploads

/// What a request under way adds to what the catalogue knows of its upload's owner.
struct OwnerPromise {
    let owner: Owner
    /// What the upload will count for.
    var target: Usage
    /// How much of that the catalogue does not count yet.
    var beyond = Usage.none
}
