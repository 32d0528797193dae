import HTTP
import Testing

@testable import UploadServer

/// When published keys are read again.
@Suite struct KeyScheduleTests {
    private func fields(_ lines: String...) throws -> FieldSection {
        var parser = ResponseParser()
        let head = "HTTP/1.1 200 OK\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
        _ = try parser.consume(Array(head.utf8).span)
        let response = parser.takeResponse()
        return try #require(response).fields
    }

    private func seconds(_ line: String...) throws -> Int64 {
        var schedule = KeySchedule()
        return schedule.read(try line.isEmpty ? fields() : fields(line[0])) / 1_000_000_000
    }

    @Test func `keys are good for as long as their publisher says, within bounds`() throws {
        #expect(try seconds() == 900)
        #expect(try seconds("Cache-Control: public, Max-Age = 600, must-revalidate") == 600)
        #expect(try seconds("Cache-Control: max-age=\"1200\"") == 1200)
        #expect(try seconds("Cache-Control: max-age=0") == 300)
        #expect(try seconds("Cache-Control: max-age=86400") == 3600)
        #expect(try seconds("Cache-Control: max-age=9223372036854775807") == 3600)
        for text in ["no-store", "max-age", "max-age=", "max-age=x", "max-age=-1", "s-maxage=1000"] {
            #expect(try seconds("Cache-Control: \(text)") == 900)
        }
    }

    @Test func `failures are spread out, and one success ends that`() throws {
        var schedule = KeySchedule()
        let pauses = (0..<40).map { _ in schedule.failed() / 1_000_000_000 }
        #expect(pauses.prefix(9) == [1, 2, 4, 8, 16, 32, 64, 128, 256])
        #expect(pauses.dropFirst(9).allSatisfy { $0 == 300 })
        _ = schedule.read(try fields())
        #expect(schedule.failed() == 1_000_000_000)
    }
}
