import Foundation
import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// `Upload-Metadata`, and with it base 64: their syntax, strictly.
@Suite struct UploadMetadataTests {
    static func metadata(_ field: String) throws -> UploadMetadata {
        try UploadMetadata(parsedHead("POST /files", ["Upload-Metadata: \(field)"]))
    }

    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ])
    func `values are base 64 as in RFC 4648`(encoded: String, text: String) throws {
        #expect(try Self.metadata("key \(encoded)")["key"] == Array(text.utf8))
    }

    @Test func `every byte can be a value`() throws {
        let bytes = (0...255).map { UInt8($0) }
        #expect(try Self.metadata("key \(Data(bytes).base64EncodedString())")["key"] == bytes)
    }

    @Test func `a key may stand alone, for nothing`() throws {
        let metadata = try Self.metadata("alone,with YQ==,space ")
        #expect(metadata["alone"] == [])
        #expect(metadata["with"] == [0x61])
        #expect(metadata["space"] == [])
        #expect(metadata["other"] == nil)
    }

    @Test(arguments: [
        ",", "a,", ",a", "a,,b", "a YQ=", "a YQ", "a YR==", "a YQ==YQ==", "a Y===", "a =", "a ====", "a YQ==,a YQ==",
        "a,a", "a  YQ==", "a YQ== b", "a Y Q==", "a YQ-_", "\u{e9} YQ==", "a YQ==\u{301}", "a YQ==,\u{301}b",
    ])
    func `what is not pairs of key and base 64 is 400`(field: String) {
        let refusal = refusal { try Self.metadata(field) }
        #expect(refusal?.status == .badRequest)
        #expect(refusal?.code == "bad-metadata")
    }

    @Test func `more than the bounds is 431`() throws {
        let pairs = (0..<TusLimits.metadataPairsMax).map { "key\($0)" }
        #expect(refusal { try Self.metadata(pairs.joined(separator: ",")) } == nil)
        let refusals = [
            refusal { try Self.metadata((pairs + ["more"]).joined(separator: ",")) },
            refusal { try Self.metadata("a " + String(repeating: "A", count: TusLimits.metadataBytesMax)) },
        ]
        for refusal in refusals { #expect(refusal?.code == "metadata-too-long") }
    }

    @Test func `a name that is not UTF-8 is Latin-1`() throws {
        let field = "filename \(Data([0xE9, 0x74, 0xE9]).base64EncodedString())"
        #expect(try Self.metadata(field).name == CleanName("été"))
    }
}
