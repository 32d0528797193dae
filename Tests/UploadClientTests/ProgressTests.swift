import Testing

@testable import UploadClient

@Suite struct ProgressLineTests {
    private func line(_ name: String = "big.iso") -> ProgressLine {
        ProgressLine(name: name, done: 1 << 30, total: 3 << 30, bytesPerSecond: 64 * 1_048_576)
    }

    @Test func `a wide terminal shows everything`() {
        #expect(TerminalText.columns(line().text(columns: 90)) == 90)
        #expect(
            line().text(columns: 90)
                == "big.iso  ████████████░░░░░░░░░░░░░░░░░░░░░░░░   33%  1.0/3.0 GiB    64.0 MiB/s   0:32 left")
        var plain = line()
        plain.isUnicode = false
        #expect(
            plain.text(columns: 90)
                == "big.iso  [###########.......................]   33%  1.0/3.0 GiB    64.0 MiB/s   0:32 left")
    }

    @Test(arguments: [
        (55, "big.iso   33%  1.0/3.0 GiB    64.0 MiB/s   0:32 left"), (44, "big.iso   33%  1.0/3.0 GiB    64.0 MiB/s"),
        (30, "big.iso   33%  1.0/3.0 GiB"), (18, "big.iso   33%"), (8, " 33% big"),
    ])
    func `a narrow one goes without, one by one`(columns: Int, text: String) {
        #expect(line().text(columns: columns) == text)
    }

    @Test func `no width, name or state makes a line too wide`() {
        for name in ["a", "日本語のとても長い名前です.mp4", String(repeating: "x", count: 255), "👩‍👩‍👧‍👦.jpg", "\u{1B}[2J\n.txt", ""] {
            for trouble in [nil, "cannot connect to uploads.example: Connection refused"] {
                for done in [Int64(0), 1, 999, 1000] {
                    for columns in 1..<130 {
                        let line = ProgressLine(
                            name: name, done: done, total: 1000, bytesPerSecond: 1e9, trouble: trouble)
                        let text = line.text(columns: columns)
                        #expect(TerminalText.columns(text) <= columns, "\(text)")
                        #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
                    }
                }
            }
        }
    }

    @Test func `trouble takes the place of the rate`() {
        var line = line()
        line.trouble = "connection lost"
        #expect(line.text(columns: 80) == "big.iso   33%  1.0/3.0 GiB  reconnecting… connection lost")
        #expect(line.text(columns: 35) == "big.iso   33%  reconnecti…tion lost")
        line.isUnicode = false
        #expect(line.text(columns: 35) == "big.iso   33%  reconnecti~tion lost")
    }

    @Test func `an empty file is complete, and 100 is not said too early`() {
        #expect(ProgressLine(name: "a", done: 0, total: 0).text(columns: 40).contains("100%"))
        #expect(ProgressLine(name: "a", done: 999_999, total: 1_000_000).text(columns: 40).contains(" 99%"))
    }
}

@Suite struct AmountsTests {
    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1535, "1.4 KiB"), (1 << 20, "1.0 MiB"),
        ((1 << 20) - 1, "1023.9 KiB"), (5 << 40, "5.0 TiB"), (.max, "8388607.9 TiB"),
    ])
    func `bytes are told in the largest unit, rounded down`(count: Int64, text: String) {
        #expect(Amounts.bytes(count) == text)
    }

    @Test(arguments: [(0, "0:00"), (7, "0:07"), (725, "12:05"), (10_931, "3:02:11"), (900_000, "10 d"), (-5, "0:00")])
    func `durations read like a clock`(seconds: Int64, text: String) {
        #expect(Amounts.duration(seconds: seconds) == text)
    }
}

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👍🏽", 2), ("👩‍👩‍👧‍👦", 2), ("한글", 4), ("ü", 1), ("❤️", 2), ("…", 1), ("", 0),
    ])
    func `width is that of a terminal`(text: String, columns: Int) { #expect(TerminalText.columns(text) == columns) }

    @Test(arguments: [
        ("abcdefghij.mp4", 14, "abcdefghij.mp4"), ("abcdefghij.mp4", 9, "abcd….mp4"), ("日本語日本語", 7, "日…本語"),
        ("abc", 1, "…"), ("abc", 0, ""),
    ])
    func `a long name loses its middle`(text: String, columns: Int, short: String) {
        let result = TerminalText.shortened(text, to: columns)
        #expect(TerminalText.columns(result) <= columns)
        if text.utf8.allSatisfy({ $0 < 0x80 }) { #expect(result == short) }
        #expect(result == text || columns == 0 || result.contains("…"))
    }

    @Test func `nothing in a name steers the terminal`() {
        #expect(TerminalText.printable("a\u{1B}[2Jb\n\u{202E}c") == "a?[2Jb??c")
    }
}

@Suite struct RateMeterTests {
    @Test func `a steady stream is told as it is, from the start`() {
        var meter = RateMeter(nanoseconds: 0, done: 1_000_000)
        #expect(meter.bytesPerSecond == nil)
        for step in 1...100 {
            meter.update(nanoseconds: Int64(step) * 100_000_000, done: 1_000_000 + Int64(step) * 500)
            if let rate = meter.bytesPerSecond { #expect((4999.0...5001).contains(rate)) }
        }
        #expect(meter.bytesPerSecond != nil)
    }

    @Test func `a standstill shows within seconds, bytes that are lost count as one`() throws {
        var meter = RateMeter(nanoseconds: 0, done: 0)
        for step in 1...50 { meter.update(nanoseconds: Int64(step) * 100_000_000, done: Int64(step) * 1000) }
        for step in 51...150 { meter.update(nanoseconds: Int64(step) * 100_000_000, done: 40_000) }
        #expect(try #require(meter.bytesPerSecond) < 1_000)
    }
}
