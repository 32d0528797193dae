internal import HTTP
internal import HTTPClient
internal import LinuxSystem
internal import Reactor
internal import TLS

/// Asks a bucket, one request after another. Confined to its loop and to one task at a time.
final class BucketClient {
    /// What the bucket has of an object.
    struct Found {
        let length: Int64?
        /// What was said of it when it came: `finishedField`.
        let finished: String?
    }

    /// Tells which file of its upload an object is.
    static let finishedField: StaticString = "x-amz-meta-sluice-finished"

    private let access: BucketAccess
    private let client: HTTPClient
    private let isStopping: () -> Bool

    /// - Parameter isStopping: whether nothing more is to be asked.
    init(_ access: BucketAccess, isStopping: @escaping () -> Bool) {
        self.access = access
        self.isStopping = isStopping
        var options = HTTPClient.Options(origin: (access.address.url(key: nil) ?? access.address.endpoint).origin)
        options.tls = access.tls
        options.proxies = access.proxies
        // A signature is for one host.
        options.followsRedirects = false
        client = HTTPClient(options)
    }

    func close(on loop: isolated EventLoop) async { await client.close(on: loop) }

    /// Stores a whole object, or one of the parts of one: `query` says which.
    ///
    /// - Returns: the entity tag.
    func put(
        _ key: String, query: [(name: String, value: String)] = [], _ content: PartBytes,
        fields: [(name: String, value: String)] = [], on loop: isolated EventLoop
    ) async throws(BucketFailure) -> String {
        let answer = try await send(
            .put, key, query, fields, content: (content, content.count), digest: content.digest, on: loop)
        guard let tag = answer.fields.text(FieldName("etag")), tag.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .away("an answer without an entity tag") }
        return tag
    }

    /// What there is under a key; nil for nothing.
    func head(_ key: String, on loop: isolated EventLoop) async throws(BucketFailure) -> Found? {
        let answer = try await ask(.head, key, [], [], content: nil, digest: BucketClient.nothing, on: loop)
        if answer.status.code == 404 { return nil }
        guard answer.isSuccess else { throw BucketFailure(answer, code: nil) }
        let length: Int64? =
            if case .value(let length) = answer.fields.decimal(FieldName("content-length")) { length } else { nil }
        return Found(length: length, finished: answer.fields.text(FieldName(BucketClient.finishedField)))
    }

    func delete(_ key: String, on loop: isolated EventLoop) async throws(BucketFailure) {
        _ = try await send(.delete, key, [], [], content: nil, digest: BucketClient.nothing, on: loop)
    }

    /// Begins an upload in parts; answers its id.
    func begin(
        _ key: String, fields: [(name: String, value: String)], on loop: isolated EventLoop
    ) async throws(BucketFailure) -> String {
        let answer = try await send(
            .post, key, [("uploads", "")], fields, content: nil, digest: BucketClient.nothing, on: loop)
        guard let id = XMLElement(document: answer.content)?.text("UploadId"), !id.isEmpty else {
            throw .away("an upload in parts that has no id")
        }
        return id
    }

    /// Makes one object of the parts.
    func complete(
        _ key: String, _ upload: String, _ parts: [Int: String], on loop: isolated EventLoop
    ) async throws(BucketFailure) {
        var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for (number, tag) in parts.sorted(by: { $0.key < $1.key }) {
            text += "<Part><PartNumber>\(number)</PartNumber><ETag>\(XMLElement.escaped(tag))</ETag></Part>"
        }
        let content = TextBytes(text + "</CompleteMultipartUpload>")
        let answer = try await send(
            .post, key, [("uploadId", upload)], [("Content-Type", "application/xml")],
            content: (content, content.count), digest: content.digest, on: loop)
        // The status goes out before it is known what becomes of it.
        guard let root = XMLElement(document: answer.content) else { throw .away("an answer that is no XML") }
        if root.name == "CompleteMultipartUploadResult" { return }
        throw BucketFailure(answer, code: root.text("Code") ?? root.name)
    }

    /// Removes an upload in parts, and every part of it. One that is not there is removed already.
    func abort(_ key: String, _ upload: String, on loop: isolated EventLoop) async throws(BucketFailure) {
        do throws(BucketFailure) {
            _ = try await send(
                .delete, key, [("uploadId", upload)], [], content: nil, digest: BucketClient.nothing, on: loop)
        } catch {
            guard case .noUpload = error else { throw error }
        }
    }

    /// The ids of uploads in parts under exactly this key, the oldest first.
    func uploads(_ key: String, on loop: isolated EventLoop) async throws(BucketFailure) -> [String] {
        var found: [String] = []
        var markers: [(name: String, value: String)] = []
        for _ in 0..<DeliveryLimits.pagesMax {
            let list = try await list(nil, [("uploads", ""), ("prefix", key)] + markers, on: loop)
            for upload in list.all("Upload") where upload.text("Key") == key {
                if let id = upload.text("UploadId"), !id.isEmpty { found.append(id) }
            }
            guard list.text("IsTruncated") == "true", let next = list.text("NextKeyMarker"),
                let upload = list.text("NextUploadIdMarker")
            else { return found }
            markers = [("key-marker", next), ("upload-id-marker", upload)]
        }
        throw .away("a list of uploads without an end")
    }

    /// The parts that have come of an upload, by their numbers.
    func parts(
        _ key: String, _ upload: String, on loop: isolated EventLoop
    ) async throws(BucketFailure) -> [Int: (size: Int64, tag: String)] {
        var found: [Int: (size: Int64, tag: String)] = [:]
        var marker = "0"
        for _ in 0..<DeliveryLimits.pagesMax {
            let query = [
                ("uploadId", upload), ("max-parts", "\(DeliveryLimits.listedParts)"), ("part-number-marker", marker),
            ]
            let list = try await list(key, query, on: loop)
            for part in list.all("Part") {
                guard let number = part.text("PartNumber").flatMap({ Int($0) }), let tag = part.text("ETag"),
                    let size = part.text("Size").flatMap({ Int64($0) })
                else { throw .away("a list of parts that lack something") }
                found[number] = (size, tag)
            }
            guard list.text("IsTruncated") == "true", let next = list.text("NextPartNumberMarker"), next != marker
            else { return found }
            marker = next
        }
        throw .away("a list of parts without an end")
    }

    private func list(
        _ key: String?, _ query: [(name: String, value: String)], on loop: isolated EventLoop
    ) async throws(BucketFailure) -> XMLElement {
        let answer = try await send(.get, key, query, [], content: nil, digest: BucketClient.nothing, on: loop)
        guard !answer.isCut, let root = XMLElement(document: answer.content) else {
            throw .away("a list that is no XML, or too long")
        }
        return root
    }

    // MARK: Requests

    private static let nothing = Digest.sha256([])

    private func send(
        _ method: Method, _ key: String?, _ query: [(name: String, value: String)],
        _ fields: [(name: String, value: String)], content: (any RequestContent, Int64)?, digest: [UInt8],
        on loop: isolated EventLoop
    ) async throws(BucketFailure) -> Answer {
        let answer = try await ask(method, key, query, fields, content: content, digest: digest, on: loop)
        if answer.isSuccess { return answer }
        throw BucketFailure(answer, code: XMLElement(document: answer.content)?.text("Code"))
    }

    private func ask(
        _ method: Method, _ key: String?, _ query: [(name: String, value: String)],
        _ fields: [(name: String, value: String)], content: (any RequestContent, Int64)?, digest: [UInt8],
        on loop: isolated EventLoop
    ) async throws(BucketFailure) -> Answer {
        if isStopping() { throw .stopping }
        guard let url = access.address.url(key: key, query: URIText.query(query)) else {
            throw .refused("a key that no address can hold")
        }
        let signature = RequestSignature(
            access.keys, region: access.address.region, wallMilliseconds: SystemClock.wallNanoseconds / 1_000_000)
        guard let signed = signature.fields(method, url, fields, digest: digest) else { throw .local }
        let request = HTTPRequest(
            method, url, signed, content: content.map { (source: $0.0, range: 0..<$0.1) }, isPatient: true)
        do throws(ExchangeFailure) {
            let answer = try await client.send(request, on: loop)
            if [401, 403].contains(answer.status.code) { access.renewKeys() }
            return answer
        } catch {
            throw isStopping() ? .stopping : BucketFailure(error)
        }
    }
}
