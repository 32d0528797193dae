import TestSupport
import Testing

@testable import Configuration

@Suite struct FaultTests {
    @Test func `an unknown key is told with file, line and the nearest name`() {
        #expect(
            Sample.faults(file: "# a comment\nlog-level: low\nmax-sise: 5\n") == [
                "f.yaml:3: 'max-sise' is no option; did you mean 'max-size'?"
            ])
        #expect(Sample.faults(file: "colour: red") == ["f.yaml:1: 'colour' is no option."])
    }

    @Test func `a value that is none is told where it stands, each item of a list in its own line`() {
        #expect(
            Sample.faults(file: "log-level: low\nmax-size: much\n") == [
                "f.yaml:2: max-size takes 1 to 1M bytes, with K, M, G or T behind the number, not 'much'."
            ])
        #expect(
            Sample.faults(file: "allowed-name:\n  - a\n  - ''\n") == ["f.yaml:3: allowed-name takes a name."])
        #expect(
            Sample.faults(["--log-level", "loud"], environment: ["SLUICE_SENDING": "perhaps"]) == [
                "--log-level takes low, high, not 'loud'.", "SLUICE_SENDING takes on or off, not 'perhaps'.",
            ])
    }

    @Test func `everything that is wrong is told at once`() {
        let faults = Sample.faults(
            ["--max-size", "0", "surplus"], environment: ["SLUICE_LOG_LEVL": "low"], file: "opne: true\nopen: 7\n")
        #expect(faults.count == 5)
    }

    @Test func `of very much that is wrong the first fifty are told, and how many there are beside them`() {
        let lines = (1...1000).map { "k\($0): 1" }
        let faults = Sample.faults(file: lines.joined(separator: "\n"))
        #expect(faults.count == 51 && faults[0] == "f.yaml:1: 'k1' is no option." && faults[49].hasPrefix("f.yaml:50:"))
        #expect(faults[50] == "… and 950 more that are wrong.")
        #expect(Sample.faults(file: lines[..<51].joined(separator: "\n")).last == "… and 1 more that is wrong.")
        #expect(Sample.faults(file: lines[..<50].joined(separator: "\n")).count == 50)
    }

    @Test(arguments: [
        ("", "", ": 1\n", 1001), ("", "'", "':\n", 1001), ("{", "", ",", 1), ("{", "", ": 1,\n", 501),
    ])
    func `a file of more keys than anybody means is refused before they are compared with each other`(
        start: String, front: String, end: String, line: Int
    ) {
        let file = start + (1...50_000).map { "\(front)k\($0)\(end)" }.joined() + (start.isEmpty ? "" : "}")
        #expect(Sample.faults(file: file) == ["f.yaml:\(line): more than 1000 keys, which no file needs."])
    }

    @Test func `a long list is no file of many keys`() throws {
        let names = (1...3000).map { "a\($0)" }
        for file in ["[" + names.joined(separator: ", ") + "]", "\n- " + names.joined(separator: "\n- ")] {
            #expect(try Sample.configured(file: "allowed-name: " + file).target.names == names)
        }
    }

    @Test(arguments: ["max-size: 1\nlog-level: low\nmax-size: 2", "'max-size': 1\n\n\"max-size\": 2"])
    func `a key that stands there twice is told with both lines`(file: String) {
        #expect(
            Sample.faults(file: file) == ["f.yaml:3: 'max-size' stands here a second time, after line 1."])
    }

    @Test(arguments: [
        ("max-size: [1, 2]", "f.yaml:1: max-size takes one value."),
        ("open:\n  a: b", "f.yaml:2: open takes one value."),
        ("allowed-name: {a: b}", "f.yaml:1: allowed-name takes a value, or a list of values."),
        ("allowed-name: [[a]]", "f.yaml:1: each item of allowed-name is one value."),
        ("max-size:", "f.yaml:1: max-size has no value; '' is an empty one."),
        ("max-size: ~", "f.yaml:1: max-size has no value; '' is an empty one."),
        ("[a, b]", "f.yaml:1: expected one option a line, as in 'max-size: 5G'."),
        ("max-size", "f.yaml:1: expected one option a line, as in 'max-size: 5G'."),
        ("? [a]\n: b", "f.yaml:1: a key is the name of an option."),
        ("config: other.yaml", "f.yaml:1: 'config' is no option."),
        ("a: b: c", "f.yaml:1: not YAML: mapping values are not allowed in this context."),
        ("max-size: 1\n\topen: true", "f.yaml:2: not YAML: found a tab character that violates indentation."),
        ("max-size: 1\n---\nopen: true", "f.yaml:2: not YAML: but found another document."),
        ("max-size: 1\nopen: \u{1}", "f.yaml:2: not YAML: control characters are not allowed."),
    ])
    func `what is no list of options is told with its line`(file: String, fault: String) {
        #expect(Sample.faults(file: file) == [fault])
    }

    @Test(arguments: [
        ("log-level: a\n  b", 1), ("log-level:\n  a\n  b\nopen: true", 2), ("open: true\nlog-level: a\n\n  b", 2),
        ("allowed-name:\n- a\n- b\n  - c", 3), ("open: true # ä ö\n\nallowed-name: ü\n  ö", 3),
        ("allowed-name: a\r\n  b", 1),
        ("\u{FEFF}allowed-name: a\n   b", 1), ("# é\nallowed-name: 'é'\nlog-level: é\n é", 3),
    ])
    func `a text that goes on in the next line is refused with its first one`(file: String, line: Int) {
        #expect(Sample.faults(file: file) == ["f.yaml:\(line): a value of several lines is not taken."])
    }

    @Test func `a file that goes deeper than anybody means is told, and ends nothing`() {
        for piece in ["[", "{", "- ", "? ", "- ? "] {
            let faults = Sample.faults(file: "open: true\n" + String(repeating: piece, count: 100_000))
            #expect(faults.count == 1 && faults[0].hasPrefix("f.yaml:"))
        }
    }

    @Test func `of a file of any bytes everything is told, or it is taken`() {
        var random = SeededGenerator(seed: 6)
        let text = "max-size: 2K\nlog-level: 'high'\nallowed-name:\n  - a\n  - \"b\"\nopen: true\nsending: off\n"
        let example = Array(text.utf8)
        for _ in 0..<3000 {
            var bytes = example
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: bytes.indices, using: &random)
                bytes[index] = Array("-:?[]{},'\"&*#|>!%@` \n\ta~".utf8).randomElement(using: &random)!
            }
            let faults = Sample.faults(file: String(decoding: bytes, as: UTF8.self))
            for fault in faults { #expect(!fault.isEmpty && fault.hasPrefix("f.yaml")) }
            // No alias reaches the parser, which would look for its anchor.
            #expect(!faults.contains { $0.contains("undefined alias") })
        }
    }

    @Test(arguments: [
        ("open: &a true\nsending: *a", 1), ("open: true\nallowed-name: [a, *b]", 2),
        ("allowed-name:\n- a\n- *b\n", 3),
        ("--- *a", 1), ("'open':*a", 1), ("allowed-name: ['a' , &b c]", 1), ("open: !!bool true", 1),
        ("allowed-name: [a\n 'b, *c , d']", 2), ("# a\u{85}open: *a", 1), ("# a\ropen: *a", 1),
        ("open: |\n  true\n", 1), ("open: 'tr\n  ue'\n", 1), ("allowed-name: {? [a] : b}", 1),
        ("open: true\n\u{FEFF}sending: *a", 2),
    ])
    func `what no list of options needs is refused with its line, before it is parsed`(file: String, line: Int) {
        let faults = Sample.faults(file: file)
        #expect(faults.count == 1 && faults[0].hasPrefix("f.yaml:\(line): "), "\(faults)")
    }

    @Test func `aliases that multiply each other take no time`() {
        // Nine levels of nine: a parser that follows them sees 9^9 values, as keys above all.
        let levels = (1...9).map { "l\($0): &l\($0) [" + String(repeating: "*l\($0 - 1),", count: 9) + "]" }
        let bomb = (["l0: &l0 [a]"] + levels + ["? *l9\n: b"]).joined(separator: "\n")
        var faults: [String] = []
        let took = ContinuousClock().measure { faults = Sample.faults(file: bomb) }
        #expect(faults.count == 1 && took < .seconds(5))
    }

    @Test(arguments: [
        "\u{FEFF}open: true",
        "allowed-name: ['*', '&a', \"!b\", a*b, 'it''s', \"\\\"\"]", "allowed-name: [a,#c\n b]",
        "allowed-name: [\n  a,\n  b,\n]", "---\nopen: true\n...\n", "open: true\r\nsending: on\r\n",
        "'open': true # *a", "\u{FEFF}allowed-name: é #", "allowed-name:\n  a  # b\n", "allowed-name: [ é , b, é c ]",
        "{open: true, allowed-name: é é}", "allowed-name:\r\n  -\r\n    a b \r\n",
        "allowed-name:\n- a b *c\n-   d # e",
    ])
    func `what people write is taken`(file: String) { #expect(Sample.faults(file: file) == []) }

    @Test func `a value that is longer than an answer's line should be is refused`() {
        #expect(Sample.faults(file: "allowed-name: \(String(repeating: "a", count: OptionText.bytesMax))") == [])
        #expect(
            Sample.faults(file: "allowed-name: \(String(repeating: "ä", count: OptionText.bytesMax / 2 + 1))")
                == ["f.yaml:1: allowed-name takes up to 8192 bytes."])
    }

    @Test func `a value with a NUL in it is refused, since the system would end it there`() {
        #expect(Sample.faults(file: "allowed-name: \"a\\0b\"") == ["f.yaml:1: allowed-name takes no NUL."])
    }

    @Test(arguments: ["", "\n", "# nothing\n", "---\n", "--- \n...\n"])
    func `a file without an option is no fault`(file: String) {
        #expect(Sample.faults(file: file) == [])
    }

    @Test func `a variable that looks like a slip is a fault, another one a warning`() throws {
        #expect(
            Sample.faults(environment: ["SLUICE_MAXSIZE": "1"])
                == ["SLUICE_MAXSIZE is no option; did you mean SLUICE_MAX_SIZE?"])
        let warnings = try Sample.configured(environment: ["SLUICE_SERVICE_HOST": "10.0.0.1", "PATH": "/bin"]).warnings
        #expect(warnings == ["no options, and without effect: SLUICE_SERVICE_HOST in the environment"])
    }

    @Test(arguments: [
        ("SLUICE_PORT", "tcp://10.0.0.1:443"), ("SLUICE_TLS_PORT", "udp://10.0.0.1:443"),
        ("SLUICE_SERVICE_HOST", "10.0.0.1"), ("SLUICE_TLS_SERVICE_PORT", "80"), ("SLUICE_SERVICE_PORT_HTTP", "80"),
        ("SLUICE_PORT_80_TCP_ADDR", "10.0.0.1"), ("SLUICE_TLS_PORT_80_UDP", "udp://10.0.0.1:80"),
    ])
    func `what Kubernetes says of services that are called like this program is no slip`(name: String, value: String) {
        #expect(EnvironmentReader<Sample>.isServiceLink(name, value))
    }

    @Test(arguments: [
        ("SLUICE_TLS_PORT", "443"), ("SLUICE_TLS_CERT", "tcp://10.0.0.1:443"), ("SLUICE_PORT_80", "tcp://10.0.0.1:80"),
        ("SLUICE_PORT_A_TCP", "1"), ("SLUICE_SERVICE", "1"), ("SLUICE_SERVICE_HOST_A", "10.0.0.1"), ("SLUICE_", ""),
    ])
    func `what only looks a little like that may be one`(name: String, value: String) {
        #expect(!EnvironmentReader<Sample>.isServiceLink(name, value))
    }

    @Test func `a secret is not taken from the command line`() throws {
        for words in [["--password", "word"], ["--password=word"]] {
            let faults = Sample.faults(words)
            #expect(faults.count == 1 && faults[0].contains("SLUICE_PASSWORD") && !faults[0].contains("word."))
        }
        #expect(try Sample.configured(environment: ["SLUICE_PASSWORD": "word"]).target.password == "word")
        #expect(try Sample.configured(file: "password: word").target.password == "word")
    }

    @Test(arguments: [
        (["--max-size"], "--max-size takes a value: --max-size bytes."),
        (["--max-size", "--open"], "--max-size takes a value: --max-size bytes."),
        (["--max-size", "1", "--max-size=1"], "--max-size was given more than once."),
        (["--open", "--no-open"], "--open was given more than once."),
        (["--open=true"], "--open takes no value: it is --open or --no-open."),
        (["--opne"], "--opne is no option here; did you mean --open?"),
        (["--no-opne"], "--no-opne is no option here; did you mean --no-open?"),
        (["--no-max-size"], "--no-max-size is no option here; did you mean --max-size?"),
        (["--no-such-thing"], "--no-such-thing is no option here."),
        (["-x"], "'-x' is no option: options begin with --."), (["--"], "'--' is no option: options begin with --."),
    ])
    func `a command line that cannot be read is told`(words: [String], fault: String) {
        #expect(Sample.faults(words) == [fault])
    }
}
