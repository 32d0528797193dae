import Testing

@testable import UploadServer

@Suite struct LogLineTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_827_696_789_999_999, "2000-02-29T12:34:56.789Z"),
            (1_709_251_199_001_000_000, "2024-02-29T23:59:59.001Z"),
            (4_102_444_800_000_000_000, "2100-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func `times are written to the millisecond`(nanoseconds: Int64, text: String) {
        var line = LogLine(.text, level: "info", message: "m", wallNanoseconds: nanoseconds)
        #expect(String(decoding: line.finish(), as: UTF8.self) == "\(text) info    m\n")
    }

    @Test(arguments: [LogFormat.text, .json]) func `what turns the direction of writing does not in the log`(
        format: LogFormat
    ) {
        var line = LogLine(format, level: "info", message: "m\u{2066}", wallNanoseconds: 0)
        line.set("name", "invoice\u{202E}fdp.exe\u{2069}é")
        let text = String(decoding: line.finish(), as: UTF8.self)
        #expect(text.contains(#"invoice\u202efdp.exe\u2069é"#) && text.contains(#"m\u2066"#))
    }

    @Test func `values that a client chose cannot forge a line or a key`() {
        for (format, expected) in [
            (
                LogFormat.text,
                #"1970-01-01T00:00:00.000Z warning m a=b c="x\n\"y=\\z\u007f" d="" n=-9223372036854775808 z=0"#
            ),
            (
                LogFormat.json,
                #"{"time":"1970-01-01T00:00:00.000Z","level":"warning","message":"m","a":"b","#
                    + #""c":"x\n\"y=\\z\u007f","d":"","n":-9223372036854775808,"z":0}"#
            ),
        ] {
            var line = LogLine(format, level: "warning", message: "m", wallNanoseconds: 0)
            line.set("a", "b")
            line.set("c", "x\n\"y=\\z\u{7F}")
            line.set("d", "")
            line.set("n", Int64.min)
            line.set("z", 0)
            #expect(String(decoding: line.finish(), as: UTF8.self) == expected + "\n")
        }
    }
}
