import HTTP
import IETFDialect
import Uploads

/// A request head to the IETF dialect, with what it means for uploads in every state.
enum IETFProperties {
    private static let policy = IETFPolicy(sizeMax: 1000)
    private static let now: Int64 = 1_800_000_000
    private static let id = UploadID(high: 1, low: 2)

    static func check(_ input: [UInt8]) {
        guard let head = RequestReading(input).heads.first else { return }
        check { () throws(Refusal) in
            try checkCreation(try IETFCreationRequest(head, pathName: nil, policy: policy), head)
        }
        check { () throws(Refusal) in try checkAppend(try IETFAppendRequest(head, policy: policy)) }
        check { () throws(Refusal) in try checkRetrieval(try RetrievalRequest(head)) }
        check { () throws(Refusal) in
            try CancellationRequest(head).check(upload(.open, length: 100), nowSeconds: now)
        }
        for isUploadResource in [true, false] {
            let request = IETFRequest(head, isUploadResource: isUploadResource)
            require(request == nil || !head.fields.contains(FieldName("tus-resumable")), "tus stays tus")
        }
    }

    private static func check(_ body: () throws(Refusal) -> Void) {
        do {
            try body()
        } catch {
            require((400...499).contains(error.status.code), "the client is at fault: \(error.status.code)")
        }
    }

    private static func upload(_ state: UploadState, length: Int64?, metadata: String? = nil) -> Upload {
        Upload(
            id: id, dialect: .ietf, state: state, offset: Offset(40), length: length, name: .fallback,
            metadata: metadata, createdSeconds: now - 60)
    }

    private static func checkCreation(_ creation: IETFCreationRequest, _ head: RequestHead) throws(Refusal) {
        let record = creation.upload(id, nowSeconds: now)
        require((0...1000).contains(record.length ?? 0) && record.offset == .zero, "a length within the bound")
        require((0...1000).contains(creation.transfer.room), "room within the bound")
        FieldProperties.checkName(creation.name)
        require(RepresentationDigests(metadata: creation.digests.metadata) == creation.digests, "digests survive")
        checkDigest(creation.transfer.contentDigest)
        checkDigest(creation.digests.promised)
        if case .length(let content) = head.framing {
            require(content <= 1000, "no more than allowed is let in")
            if let length = record.length { require(content <= length, "content fits into its length") }
        }
    }

    private static func checkAppend(_ request: IETFAppendRequest) throws(Refusal) {
        for state in [UploadState.open, .finished, .failed, .expired] {
            for length in [nil, 100, 40] as [Int64?] {
                let record = upload(state, length: length)
                check { () throws(Refusal) in
                    switch try IETFAppendDecision(request, upload: record, nowSeconds: now) {
                    case .append(let transfer, let recordsLength):
                        require(state == .open && transfer.start.bytes == 40, "bytes are added at the offset")
                        require((0...960).contains(transfer.room), "room within the bound")
                        require(length == nil || (transfer.length == length && recordsLength == nil), "a length stays")
                        if let recordsLength {
                            require((40...1000).contains(recordsLength), "a length within the bound")
                        }
                        checkDigest(transfer.contentDigest)
                    case .answerAgain(let upload):
                        require(upload.state == .finished, "only what is finished is told so")
                    case .invalidate: require(state == .open && length != nil, "only what is open can be lost")
                    }
                }
            }
        }
    }

    private static func checkRetrieval(_ request: RetrievalRequest) throws(Refusal) {
        let answer = try request.answer(upload(.open, length: 100), policy: policy, nowSeconds: now)
        require(answer.status == .noContent && answer.contains("upload-offset"), "an offset is told")
    }

    private static func checkDigest(_ digest: PromisedDigest?) {
        guard let digest else { return }
        require(digest.bytes.count == digest.algorithm.byteCount, "a digest has its algorithm's size")
    }
}
