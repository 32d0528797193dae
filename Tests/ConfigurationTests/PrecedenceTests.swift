import Configuration
import Testing

@Suite struct PrecedenceTests {
    @Test func `a flag beats the environment, which beats the file, which beats the default`() throws {
        let file = "max-size: 2K\n"
        let environment = ["SLUICE_MAX_SIZE": "3K"]
        #expect(try Sample.configured().target.size == 1024)
        #expect(try Sample.configured(file: file).target.size == 2048)
        #expect(try Sample.configured(environment: environment, file: file).target.size == 3072)
        #expect(try Sample.configured(["--max-size=4K"], environment: environment, file: file).target.size == 4096)
    }

    @Test func `a list is replaced as a whole, not added to`() throws {
        let file = "allowed-name:\n  - a\n  - b\n"
        #expect(try Sample.configured().target.names == ["nobody"])
        #expect(try Sample.configured(file: file).target.names == ["a", "b"])
        #expect(try Sample.configured(file: "allowed-name: a").target.names == ["a"])
        #expect(try Sample.configured(file: "allowed-name: []").target.names == [])
        let environment = ["SLUICE_ALLOWED_NAME": "c, d,e"]
        #expect(try Sample.configured(environment: environment, file: file).target.names == ["c", "d", "e"])
        let words = ["--allowed-name", "f", "--allowed-name=g"]
        #expect(try Sample.configured(words, environment: environment, file: file).target.names == ["f", "g"])
    }

    @Test func `a flag can switch off what the file switches on`() throws {
        #expect(try Sample.configured(["--open"]).target.isOpen)
        #expect(try Sample.configured(file: "open: true").target.isOpen)
        #expect(try !Sample.configured(["--no-open"], file: "open: true").target.isOpen)
        #expect(try Sample.configured(environment: ["SLUICE_OPEN": "yes"]).target.isOpen)
        #expect(try !Sample.configured(file: "sending: off").target.sends)
        #expect(try !Sample.configured(file: "sending: false").target.sends)
    }

    @Test func `the file is named by the flag before it is by the environment`() throws {
        #expect(
            try Sample.configured(environment: ["SLUICE_CONFIG": "none.yaml"], file: "max-size: 5").target.size == 5)
        #expect(Sample.faults(environment: ["SLUICE_CONFIG": "none.yaml"]) == ["none.yaml: No such file"])
    }

    @Test func `a running process takes over what is live, and keeps the rest`() throws {
        let old = try Sample.configured(["--log-level", "high"], file: "max-size: 2K\nopen: true\n")
        let next = try Sample.configured(["--log-level", "high"], file: "max-size: 3K\nallowed-name: [a]\n")
        let (configured, applied, waiting) = try old.renewed(by: next, Sample())
        #expect(applied == ["max-size", "allowed-name"] && waiting == ["open"])
        #expect(configured.target.size == 3072 && configured.target.names == ["a"] && configured.target.isOpen)
        #expect(configured.report.contains("max-size: 3K  # f.yaml:1\n"))
        // What waits is told again, and what was applied is not.
        let again = try configured.renewed(by: next, Sample())
        #expect(again.applied == [] && again.waiting == ["open"])
    }

    @Test func `the report is a configuration file, says where values come from, and shows no secret`() throws {
        let configured = try Sample.configured(
            ["--open", "--allowed-name", "it's", "--allowed-name", "b"],
            environment: ["SLUICE_PASSWORD": "hidden"], file: "\nmax-size: 7K\n")
        #expect(
            configured.report == """
                # config: f.yaml  # flag
                max-size: 7K  # f.yaml:2
                log-level: low  # default
                allowed-name: ['it''s', b]  # flag
                open: true  # flag
                sending: on  # default
                password: '***'  # SLUICE_PASSWORD

                """)
        let again = configured.report.split(separator: "\n").dropFirst().joined(separator: "\n")
        #expect(try Sample.configured(file: again).target.names == ["it's", "b"])
    }

    @Test(arguments: [
        "", "a b", "- x", "it's", "a: b", "#", "null", "~", "\u{1}", "line\nbreak", "ü", "\u{85}\"", "a\u{99}",
        "a\u{2028}b", "a\u{FEFF}", "\u{FFFE}", "@",
    ])
    func `any text comes back out of what is written of it`(text: String) throws {
        guard !text.isEmpty else { return }
        let told = try Sample.configured(["--allowed-name", text]).report.split(separator: "\n").map(String.init)
        let line = try #require(told.first { $0.hasPrefix("allowed-name:") })
        #expect(try Sample.configured(file: line).target.names == [text])
    }
}
