import HTTP
import TestSupport
import Uploads

@testable import UploadServer

/// A request of some dialect for one of `RandomRecords`, nearly right: its numbers are those that records have.
struct RandomRequest {
    let head: String
    private(set) var body: [UInt8]

    private static let numbers: [Int64] = [
        0, 0, 1, 20, 39, 40, 41, 60, 100, 1000, 1001, 999_999_999_999_999, .max - 1, .max,
    ]

    /// - Parameters:
    ///   - number: of the record that it is for.
    ///   - offset: where that stands, which most requests know.
    init(_ number: Int, at offset: Int64, using random: inout SeededGenerator) {
        let address = "/files/\(RandomRecords.id(number))"
        body = random.bytes([0, 0, 1, 20, 40, 60].randomElement(using: &random)!)
        var fields: [String] = []
        let (method, target): (String, String)
        let dialect = ServedDialects.all.randomElement(using: &random)!
        switch dialect.name {
        case _ where UInt8.random(in: 0...11, using: &random) == 0:
            (method, target) = (["GET", "HEAD", "DELETE"].randomElement(using: &random)!, address)
        case .fileID: (method, target) = Self.fileID(number, offset, &fields, &random)
        case .tus where Bool.random(using: &random): (method, target) = Self.tusCreation(&fields, &random)
        case .tus: (method, target) = Self.tus(address, offset, &fields, &random)
        case .ietf: (method, target) = Self.ietf(address, offset, &fields, &random)
        default: (method, target) = Self.anything(of: dialect, number, offset, &fields, &random)
        }
        if ["GET", "HEAD", "DELETE"].contains(method) { body = [] }
        if body.isEmpty || Bool.random(using: &random) {
            fields.append("Content-Length: \(body.count)")
        } else {
            fields.append("Transfer-Encoding: chunked")
            body = Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        }
        head = TestServer.head(method, target, fields)
    }

    private static func any(_ random: inout SeededGenerator) -> Int64 { numbers.randomElement(using: &random)! }

    private static func mostly(_ offset: Int64, _ random: inout SeededGenerator) -> Int64 {
        UInt8.random(in: 0...2, using: &random) == 0 ? any(&random) : offset
    }

    /// Adds a field now and then.
    private static func add(_ name: String, _ fields: inout [String], _ random: inout SeededGenerator) {
        if Bool.random(using: &random) { fields.append("\(name): \(any(&random))") }
    }

    /// What is known of every dialect: its addresses, and its fields, each with a number.
    private static func anything(
        of dialect: any ServedDialect.Type, _ number: Int, _ offset: Int64, _ fields: inout [String],
        _ random: inout SeededGenerator
    ) -> (String, String) {
        for field in dialect.fields.requests {
            if Bool.random(using: &random) { fields.append("\(field.spelling): \(mostly(offset, &random))") }
        }
        let place = Address.Place.allCases.filter { !dialect.methods[$0].isEmpty }.randomElement(using: &random)!
        let address = place.rawValue.replacing("<id>", with: "\(RandomRecords.id(number))")
        let method = dialect.methods[place].randomElement(using: &random)!
        return (method.description, address.replacing("<name>", with: "r"))
    }

    private static func fileID(
        _ number: Int, _ offset: Int64, _ fields: inout [String], _ random: inout SeededGenerator
    ) -> (String, String) {
        fields.append("X-File-Id: r\(number)")
        fields.append("X-Start-Byte: \(mostly(offset, &random))")
        add("X-File-Size", &fields, &random)
        if Bool.random(using: &random) { fields.append("X-Restart: no") }
        return [
            ("POST", "/upload"), ("POST", "/upload"), ("POST", "/upload"), ("GET", "/status"), ("DELETE", "/upload"),
        ]
        .randomElement(using: &random)!
    }

    private static func tus(
        _ address: String, _ offset: Int64, _ fields: inout [String], _ random: inout SeededGenerator
    ) -> (String, String) {
        fields += ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream"]
        fields.append("Upload-Offset: \(mostly(offset, &random))")
        if UInt8.random(in: 0...3, using: &random) == 0 { add("Upload-Length", &fields, &random) }
        return ([("PATCH", address), ("PATCH", address), ("PATCH", address), ("HEAD", address), ("DELETE", address)])
            .randomElement(using: &random)!
    }

    private static func tusCreation(
        _ fields: inout [String], _ random: inout SeededGenerator
    ) -> (String, String) {
        fields += ["Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream"]
        switch UInt8.random(in: 0...3, using: &random) {
        case 0: fields.append("Upload-Defer-Length: 1")
        case 1:
            let parts = (0...Int.random(in: 0...3, using: &random)).map { _ in
                "/files/\(RandomRecords.id(Int.random(in: RandomRecords.names, using: &random)))"
            }
            fields.append("Upload-Concat: final;\(parts.joined(separator: " "))")
        case 2: fields += ["Upload-Concat: partial", "Upload-Length: \(any(&random))"]
        default: fields.append("Upload-Length: \(any(&random))")
        }
        return ("POST", "/files")
    }

    private static func ietf(
        _ address: String, _ offset: Int64, _ fields: inout [String], _ random: inout SeededGenerator
    ) -> (String, String) {
        if let version = [nil, 3, 5, 6, 7, 8, 10].randomElement(using: &random)! {
            fields.append("Upload-Draft-Interop-Version: \(version)")
        }
        let name = ["Upload-Complete", "Upload-Incomplete"].randomElement(using: &random)!
        fields.append("\(name): ?\(Int.random(in: 0...1, using: &random))")
        if UInt8.random(in: 0...2, using: &random) == 0 { add("Upload-Length", &fields, &random) }
        guard UInt8.random(in: 0...3, using: &random) > 0 else { return ("POST", "/files") }
        fields += ["Upload-Offset: \(mostly(offset, &random))", "Content-Type: application/partial-upload"]
        return [("PATCH", address), ("PATCH", address), ("PATCH", address), ("HEAD", address)]
            .randomElement(using: &random)!
    }
}
