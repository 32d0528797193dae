import FileIDDialect
import HTTP
import IETFDialect
import PlainDialect
import TusDialect
import Uploads

/// A record, then a request's head: what each dialect decides about them is something that the store accepts.
///
/// What a handler does with a decision is repeated here, step by step, on a `ContractedUpload`.
enum DecisionProperties {
    static func check(_ input: [UInt8]) {
        guard input.count > FuzzedRecord.byteCount,
            let head = RequestReading(Array(input[FuzzedRecord.byteCount...])).heads.first
        else { return }
        let record = FuzzedRecord(input[..<FuzzedRecord.byteCount])
        refusing { () throws(Refusal) in try checkFileID(head, record) }
        refusing { () throws(Refusal) in try checkTusAppend(head, record) }
        refusing { () throws(Refusal) in try checkTusCreation(head, record) }
        refusing { () throws(Refusal) in try checkTusOffset(record) }
        for isNew in [true, false] {
            refusing { () throws(Refusal) in try checkTusFinal(record, isNew: isNew) }
        }
        refusing { () throws(Refusal) in try checkIETFAppend(head, record) }
        refusing { () throws(Refusal) in try checkIETFCreation(head, record) }
        refusing { () throws(Refusal) in try checkPlain(head, record) }
    }

    private static func refusing(_ body: () throws(Refusal) -> Void) {
        do throws(Refusal) { try body() } catch {
            require(
                error.status.code < 500 || error.code == "upload-damaged", "no fault of the server's: \(error.code)")
        }
    }

    /// What the body brings.
    private static func content(_ head: RequestHead, _ record: FuzzedRecord) -> Int64 {
        switch head.framing {
        case .none: 0
        case .length(let count): count
        case .chunked: record.bodyBytes
        }
    }

    // MARK: file-id

    private static func checkFileID(_ head: RequestHead, _ record: FuzzedRecord) throws(Refusal) {
        let request = try FileIDAppendRequest(head, sizeMax: record.sizeMax)
        var claim = ContractedUpload(FuzzedRecord.id, record.upload)
        let (start, length): (Offset, Int64?)
        switch try FileIDAppendDecision(request, upload: record.upload) {
        case .begin(let told):
            claim.create(fresh(.fileID, told))
            (start, length) = (.zero, told)
        case .restart(let told):
            claim.restart(fresh(.fileID, told))
            (start, length) = (.zero, told)
        case .append(let offset, let told):
            if let told, claim.upload?.length == nil { claim.setLength(told) }
            (start, length) = (offset, told)
        case .alreadyFinished: return require(record.upload?.state == .finished, "finished is finished")
        }
        claim.permit(at: start)
        let room = (length ?? record.sizeMax) - start.bytes
        let (end, isOverflow) = claim.receive(content(head, record), room: room)
        if !isOverflow, length.map({ end >= $0 }) ?? true { claim.finish(end) }
    }

    private static func fresh(_ dialect: DialectName, _ length: Int64?) -> Upload {
        Upload(id: FuzzedRecord.id, dialect: dialect, length: length, name: .fallback, createdSeconds: 1)
    }

    // MARK: tus

    private static func checkTusAppend(_ head: RequestHead, _ record: FuzzedRecord) throws(Refusal) {
        let offer = TusOffer(sizeMax: record.sizeMax)
        let request = try PatchRequest(head, offer: offer)
        let decision = try PatchDecision(
            request, upload: record.upload, offer: offer, nowSeconds: FuzzedRecord.nowSeconds)
        guard case .append(let plan) = decision else { return }
        receive(plan, ContractedUpload(FuzzedRecord.id, record.upload), content(head, record), offer)
    }

    private static func checkTusCreation(_ head: RequestHead, _ record: FuzzedRecord) throws(Refusal) {
        let offer = TusOffer(sizeMax: record.sizeMax)
        let request = try TusCreationRequest(head, offer: offer)
        guard request.concatenation?.parts == nil else { return }
        var claim = ContractedUpload(FuzzedRecord.id, nil)
        claim.create(
            request.upload(FuzzedRecord.id, length: request.length, offer: offer, nowSeconds: FuzzedRecord.nowSeconds))
        if let plan = request.plan(offer: offer) { receive(plan, claim, content(head, record), offer) }
    }

    private static func receive(_ plan: AppendPlan, _ claim: ContractedUpload, _ count: Int64, _ offer: TusOffer) {
        var claim = claim
        if plan.declaresLength, let length = plan.length { claim.setLength(length) }
        claim.permit(at: plan.start)
        let (end, isOverflow) = claim.receive(count, room: plan.room)
        if isOverflow {
            let status = plan.overflow(offer: offer).status.code
            return require((400...499).contains(status), "too much is the client's fault")
        }
        if case .finish(let length) = plan.ending(at: end) { claim.finish(length) }
    }

    private static func checkTusOffset(_ record: FuzzedRecord) throws(Refusal) {
        guard
            case .deliver(let upload, let length) = try OffsetDecision(
                record.upload, nowSeconds: FuzzedRecord.nowSeconds)
        else { return }
        var claim = ContractedUpload(FuzzedRecord.id, record.upload)
        claim.permit(at: upload.offset)
        claim.finish(length)
    }

    private static func checkTusFinal(_ record: FuzzedRecord, isNew: Bool) throws(Refusal) {
        let offer = TusOffer(sizeMax: record.sizeMax)
        let decision = try FinalDecision(
            parts: record.parts, isNew: isNew, offer: offer, nowSeconds: FuzzedRecord.nowSeconds)
        switch decision {
        case .wait(let length): require(length ?? 0 >= 0, "a length is a length")
        case .join(let length):
            var sum: Int64 = 0
            for part in record.parts {
                let part = required(part, "what is joined is there")
                require(part.state == .open && part.isWhole, "what is joined is whole: \(part)")
                sum += part.offset.bytes
            }
            require(sum == length, "the whole is its parts")
        }
    }

    // MARK: IETF

    private static func checkIETFAppend(_ head: RequestHead, _ record: FuzzedRecord) throws(Refusal) {
        let policy = IETFPolicy(sizeMax: record.sizeMax)
        let request = try IETFAppendRequest(head, policy: policy)
        var claim = ContractedUpload(FuzzedRecord.id, record.upload)
        switch try IETFAppendDecision(request, upload: record.upload, nowSeconds: FuzzedRecord.nowSeconds) {
        case .answerAgain(let upload): require(upload.state == .finished, "only what is finished is told so")
        case .invalidate: claim.invalidate()
        case .append(let transfer, let recordsLength):
            if let recordsLength { claim.setLength(recordsLength) }
            receive(transfer, claim, content(head, record), policy)
        }
    }

    private static func checkIETFCreation(_ head: RequestHead, _ record: FuzzedRecord) throws(Refusal) {
        let policy = IETFPolicy(sizeMax: record.sizeMax)
        let request = try IETFCreationRequest(head, pathName: nil, policy: policy)
        var claim = ContractedUpload(FuzzedRecord.id, nil)
        claim.create(request.upload(FuzzedRecord.id, nowSeconds: FuzzedRecord.nowSeconds))
        receive(request.transfer, claim, content(head, record), policy)
    }

    private static func receive(
        _ transfer: Transfer, _ claim: ContractedUpload, _ count: Int64, _ policy: IETFPolicy
    ) {
        var claim = claim
        claim.permit(at: transfer.start)
        let (end, isOverflow) = claim.receive(count, room: transfer.room)
        let limit = UploadLimit(policy, upload: claim.upload, nowSeconds: FuzzedRecord.nowSeconds)
        if case .complete = transfer.ending(at: end, isOverflow: isOverflow, limit: limit) { claim.finish(end) }
    }

    // MARK: Whole files

    private static func checkPlain(_ head: RequestHead, _ record: FuzzedRecord) throws(Refusal) {
        let request = try PlainRequest(
            head, contentType: nil, pathName: nil, sizeMax: record.sizeMax, foreign: FileIDField.all.marks)
        var claim = ContractedUpload(FuzzedRecord.id, nil)
        claim.create(fresh(.plain, request.length))
        claim.permit(at: .zero)
        let (end, isOverflow) = claim.receive(content(head, record), room: request.length ?? record.sizeMax)
        if !isOverflow { claim.finish(end) }
    }
}
