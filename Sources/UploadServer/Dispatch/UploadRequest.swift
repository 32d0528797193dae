internal import HTTP
internal import Uploads

/// A request for one of the addresses that the dialects share.
struct UploadRequest {
    let exchange: Exchange
    let place: Address.Place
    /// The upload that the address names; nil where it names none that could exist.
    let id: UploadID?
    /// The last segment of the address where that is the client's: an upload's id, or the name of a new file.
    let segment: String?

    /// Whether it brings content that becomes bytes of a file.
    var storesContent: Bool { place.storesContent && exchange.head.method.bringsContent }

    /// Notes in the exchange which upload the address names.
    init(_ exchange: Exchange, _ address: Address) {
        self.exchange = exchange
        place = address.place
        segment = address.segment
        id = place == .resource ? segment.flatMap { UploadID($0) } : nil
        exchange.uploadID = id
    }
}
