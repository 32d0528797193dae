import Configuration
import Testing

@Suite struct ExampleTests {
    @Test func `the example is taken as it is, and with every option switched on`() throws {
        let example = Sample.table.example(heading: ["A file.", "", "Of tests."])
        #expect(Sample.faults(file: example) == [])
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let isOption = { (line: Substring) in line.hasPrefix("#") && !line.hasPrefix("# ") && line != "#" }
        #expect(lines.count(where: isOption) == 5)
        let on = lines.map { isOption($0) ? $0.dropFirst() : $0 }.joined(separator: "\n")
        #expect(try Sample.configured(file: on).target == Sample.configured().target.withFile)
    }

    @Test func `help and table have every option, its default and its words`() {
        for option in Sample.table.options {
            #expect(Sample.table.help.contains(option.help) && Sample.table.help.contains(option.name))
        }
        #expect(
            Sample.table.markdown.hasPrefix(
                """
                | option | default | live | |
                |---|---|---|---|
                | `--config` file | – |  | A file. |
                | `--max-size` bytes | `1K` | yes | A size \\| &lt;of> something. |
                | `--log-level` low\\|high | `low` |  | A level. |
                | `--allowed-name` name | `nobody` | yes | A name. |
                | `--open`, `--no-open` | `--no-open` |  | Whether it is open. |
                | `--sending` on\\|off | `on` |  | Whether it sends. |
                | `password` (file), `SLUICE_PASSWORD` text | – |  | A word. |

                """))
    }

    @Test(arguments: ["1024", "1K", "1k", "1Ki", "1KiB"])
    func `bytes are told in powers of 1024`(text: String) { #expect(ByteCount(text)?.bytes == 1024) }

    @Test(arguments: ["", " ", "1.5G", "0x10", "1e9", "10 M", " 1G", "+1", "-1", "G", "1GG", "1P", "٣", "9999999999T"])
    func `what is no number of bytes is none`(text: String) { #expect(ByteCount(text) == nil) }

    @Test func `a number of bytes is written as short as it is exact`() {
        for (count, text) in [(1024, "1K"), (1 << 20, "1M"), (1025, "1025"), (1 << 40, "1T"), (0, "0")] {
            #expect(ByteCount(Int64(count)).description == text)
        }
    }
}

extension Sample {
    /// The same, told by a file.
    fileprivate var withFile: Sample {
        var sample = self
        sample.file = "f.yaml"
        return sample
    }
}
