import Foundation
import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// The fields after a chunked body, as the server's decoder reads them.
func parsedTrailers(_ fields: [String]) throws -> FieldSection {
    var decoder = ChunkedDecoder()
    let bytes = Array(("0\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
    var position = 0
    while position < bytes.count {
        let (event, next) = try decoder.next(bytes.span, from: position)
        if case .end(let trailers) = event { return trailers }
        position = next
    }
    throw CancellationError()
}

extension ResponseHead {
    /// The fields as a client sees them, names in lower case.
    var sent: [String: String] {
        var bytes: [UInt8] = []
        write(into: &bytes, date: nil)
        var fields: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] = line[line.index(colon, offsetBy: 2)...].description
        }
        return fields
    }
}

extension Refusal {
    var sent: [String: String] { responseHead.sent }
}

/// Requests and records with everything that a test does not care about filled in.
enum Tus {
    static let offer = TusOffer(sizeMax: 1000)
    static let expiring = TusOffer(sizeMax: 1000, expiry: ExpiryPolicy(idleSeconds: 60))
    static let version = "Tus-Resumable: 1.0.0"
    static let type = "Content-Type: application/offset+octet-stream"
    static let id = UploadID(high: 1, low: 2)
    static let now: Int64 = 1_700_000_000

    static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    static func upload(
        _ state: UploadState = .open, offset: Int64 = 0, length: Int64? = 100, dialect: DialectName = .tus,
        metadata: String? = nil, expires: Int64? = nil, concatenation: Concatenation? = nil, id: UploadID = Tus.id
    ) -> Upload {
        Upload(
            id: id, dialect: dialect, state: state, offset: Offset(offset), length: length, name: .fallback,
            metadata: metadata, createdSeconds: 0, expiresSeconds: expires, concatenation: concatenation)
    }

    static let partial = Concatenation(.partial, text: "partial")

    static func part(
        offset: Int64, length: Int64?, state: UploadState = .open, expires: Int64? = nil, id: UploadID = Tus.id
    ) -> Upload {
        upload(state, offset: offset, length: length, expires: expires, concatenation: partial, id: id)
    }

    static func final(_ state: UploadState = .open, offset: Int64 = 0, length: Int64? = nil) -> Upload {
        upload(
            state, offset: offset, length: length,
            concatenation: Concatenation(.final([id, id]), text: "final;/files/\(id) /files/\(id)"))
    }

    static func creation(_ fields: [String], path: String = "/files", offer: TusOffer = offer) throws
        -> TusCreationRequest
    {
        try TusCreationRequest(parsedHead("POST \(path)", [version] + fields), offer: offer)
    }

    static func patch(_ offset: Int64, _ fields: [String] = ["Content-Length: 10"]) throws -> PatchRequest {
        try PatchRequest(
            parsedHead("PATCH /files/\(id)", [version, type, "Upload-Offset: \(offset)"] + fields), offer: offer)
    }

    static func decide(_ request: PatchRequest, _ upload: Upload?) throws -> PatchDecision {
        try PatchDecision(request, upload: upload, offer: offer, nowSeconds: now)
    }

    /// The plan of a PATCH that is let in.
    static func plan(_ request: PatchRequest, _ upload: Upload?) throws -> AppendPlan {
        guard case .append(let plan) = try decide(request, upload) else { throw CancellationError() }
        return plan
    }

    /// The answer to a HEAD that needs nothing done first.
    static func ask(_ upload: Upload?) throws -> ResponseHead {
        guard case .answer(let head) = try OffsetDecision(upload, nowSeconds: now) else { throw CancellationError() }
        return head
    }
}

extension TusOffer {
    /// An answer to `OPTIONS` with what tus says.
    var discovery: ResponseHead {
        var head = ResponseHead(.noContent)
        announce(in: &head)
        return head
    }
}
