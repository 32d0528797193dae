import HTTP
import TusDialect
import Uploads

/// A request head to tus, with what it means for uploads in every state.
enum TusProperties {
    private static let offer = TusOffer(sizeMax: 1000)
    private static let id = UploadID(high: 1, low: 2)

    static func check(_ input: [UInt8]) {
        guard let head = RequestReading(input).heads.first else { return }
        for isCollection in [true, false] {
            check(expecting: 400...431) { () throws(Refusal) in _ = try TusAction(head, isCollection: isCollection) }
        }
        check(expecting: 400...431) { () throws(Refusal) in
            try checkMetadata(try UploadMetadata(head))
            try checkCreation(try TusCreationRequest(head, offer: offer))
        }
        check(expecting: 400...431) { () throws(Refusal) in try checkPatch(try PatchRequest(head, offer: offer)) }
    }

    private static func check(expecting statuses: ClosedRange<Int>, _ body: () throws(Refusal) -> Void) {
        do {
            try body()
        } catch {
            require(statuses.contains(error.status.code), "the client is at fault: \(error.status.code) \(error.code)")
        }
    }

    private static func checkMetadata(_ metadata: UploadMetadata) throws(Refusal) {
        if let name = metadata.name { FieldProperties.checkName(name) }
        if let type = metadata.contentType {
            require(type.utf8.count <= TusLimits.contentTypeBytesMax && MediaType(type) != nil, "a type is a type")
        }
        guard let text = metadata.text else { return }
        require(text.utf8.count <= TusLimits.metadataBytesMax, "metadata is short")
        require(text.utf8.allSatisfy { (32...126).contains($0) || $0 == 9 }, "metadata is told back as ASCII")
        let elements = text.split(separator: ",")
        require(elements.count <= TusLimits.metadataPairsMax, "few pairs")
        for element in elements {
            let words = element.split { $0 == " " || $0 == "\t" }
            let value = required(metadata[String(words[0])], "every key is there: \(text)")
            require(Base64.encode(value) == (words.count == 2 ? words[1] : ""), "every value is the one sent: \(text)")
        }
    }

    private static func checkCreation(_ creation: TusCreationRequest) throws(Refusal) {
        checkMetadataAgain(creation)
        checkChecksum(creation.checksum)
        require(creation.length ?? 0 >= 0, "no length is negative")
        let upload = creation.upload(id, length: creation.length, offer: offer, nowSeconds: 0)
        require(upload.offset == .zero && upload.state == .open && upload.dialect == .tus, "an upload starts at zero")
        if let plan = creation.plan(offer: offer) {
            require((0...offer.sizeMax).contains(plan.room) || plan.length != nil, "room within the bound")
        }
        guard let concatenation = creation.concatenation else { return }
        require(Concatenation(stored: concatenation.stored) == concatenation, "a role survives the catalogue")
        guard let parts = concatenation.parts else { return require(concatenation.text == "partial", "a part says so") }
        require((1...TusLimits.partsMax).contains(parts.count), "a few parts")
        let named = concatenation.text.dropFirst("final;".count).split(separator: " ").map { String($0.suffix(32)) }
        require(parts.map(\.description) == named, "the parts are those named")
        require(!creation.hasBody && creation.length == nil, "a whole brings nothing of its own")
    }

    /// What goes into the record comes out of it.
    private static func checkMetadataAgain(_ creation: TusCreationRequest) {
        guard let text = creation.metadata.text else { return }
        let again = RequestReading(Array("POST / HTTP/1.0\r\nUpload-Metadata: \(text)\r\n\r\n".utf8))
        guard let head = again.heads.first else { return require(false, "metadata makes a field: \(text)") }
        let metadata = try? UploadMetadata(head)
        require(metadata?.text == text && metadata?.name == creation.metadata.name, "metadata means the same told back")
    }

    private static func checkPatch(_ patch: PatchRequest) throws(Refusal) {
        checkChecksum(patch.checksum)
        require(patch.offset >= 0 && patch.bodyLength ?? 0 >= 0 && patch.length ?? 0 >= 0, "no number is negative")
        for state in [UploadState.open, .finished, .failed, .expired] {
            for length in [nil, 100, 40] as [Int64?] {
                let upload = Upload(
                    id: id, dialect: .tus, state: state, offset: Offset(40), length: length, name: .fallback,
                    createdSeconds: 0)
                check(expecting: 400...431) { () throws(Refusal) in
                    let decision = try PatchDecision(patch, upload: upload, offer: offer, nowSeconds: 1)
                    require(patch.offset == 40, "bytes are added at the offset only")
                    guard case .append(let plan) = decision else { return }
                    require(state == .open && plan.start.bytes == 40, "bytes are added to what is open")
                    require(plan.length == length ?? patch.length, "a length does not change")
                    require((0...960).contains(plan.room) && patch.bodyLength ?? 0 <= plan.room, "there is room")
                }
            }
        }
    }

    private static func checkChecksum(_ plan: ChecksumPlan) {
        guard case .inHead(let checksum) = plan else { return }
        require(checksum.digest.count == checksum.algorithm.digestBytes, "a digest has its algorithm's size")
    }
}
