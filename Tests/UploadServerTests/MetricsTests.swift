import Delivery
import Events
import Foundation
import HTTP
import HTTPClient
import LinuxSystem
import Storage
import TestSupport
import Testing

@testable import UploadServer

/// The text that monitoring reads.
@Suite(.timeLimit(.minutes(1))) struct MetricsTests {
    @Test func `a family is explained, typed and told`() {
        var text = MetricsText()
        text.number("a_total", .counter, "What it is.", 7)
        text.begin("b", .gauge, "Another.")
        text.sample([("x", "1"), ("y", "2")], MetricsText.seconds(1_500_000_000))
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == """
                # HELP a_total What it is.
                # TYPE a_total counter
                a_total 7
                # HELP b Another.
                # TYPE b gauge
                b{x="1",y="2"} 1.5

                """)
    }

    @Test func `every kind of request has a place of its own`() {
        let methods: [HTTP.Method] = [.get, .head, .post, .put, .patch, .delete, .options, Method("BREW")!]
        let statuses: [Status?] = [nil, Status(101), Status(200), Status(304), Status(404), Status(503)]
        let places = methods.flatMap { method in statuses.map { RequestKind(method, $0).index } }
        #expect(places == Array(0..<RequestKind.count))
        #expect(RequestKind.count == RequestKind.methods.count * RequestKind.classes.count)
    }

    @Test func `the admin address tells metrics and nothing of the uploads`() throws {
        let site = try TestServer { $0.listenAdmin = $0.listen }
        let admin = try RawClient(try #require(site.server.addressAdmin))
        try admin.send(TestServer.head("GET", "/files"))
        #expect(try admin.response().status == 404)
        try admin.send(TestServer.head("GET", "/metrics"))
        let page = try admin.response()
        #expect(page["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(page.text.contains("\nsluice_connections{listener=\"admin\"} 1\n"))
        #expect(try site.ask(TestServer.head("GET", "/metrics")).status == 404)
    }

    @Test func `a label that is not ours breaks no line`() {
        #expect(MetricsText.label("http://a/\"\\\nü") == "http://a/\\\"\\\\\\n??")
    }

    @Test
    func `deploy/metrics.md has a row for every number that is told, with its labels and meaning, and for no other`()
        async throws
    {
        let target = try #require(HTTPURL("http://127.0.0.1:9/"))
        let bucketKeys = try #require(BucketKeys(access: "a", secret: "b"))
        let address = try BucketAddress(bucket: "bucket", endpoint: target, region: "r", style: nil)
        let bucket = BucketAccess(address, keys: bucketKeys, read: { nil }, tls: nil, proxies: .none)
        let carrier = BucketCarrier(bucket, try KeyTemplate(KeyTemplate.standard), keepsFiles: true)
        let keys = try TestServer()
        let place = try keys.ask(TestServer.head("PUT", "/files/keys", ["Content-Length: 2"]), body: Array("{}".utf8))
        let port = try #require(keys.server.address).port
        let path = try #require(place["Location"])
        let source = try #require(HTTPURL("http://127.0.0.1:\(port)\(path)"))
        let site = try TestServer {
            $0.listenAdmin = $0.listen
            $0.delivery.targets = [.webhook(Webhook(url: target))]
            $0.keySources = [KeySource(url: source, tls: nil) { _ in .same }]
            $0.delivery.carrier = carrier
        }
        let admin = try RawClient(try #require(site.server.addressAdmin))
        func families() throws -> [Family] {
            try admin.send(TestServer.head("GET", "/metrics"))
            return MetricsTests.families(try admin.response().text)
        }
        let rows = Dictionary(
            try Page(at: "deploy/metrics.md").rows.filter { $0[0].hasPrefix("`") }.map { row in
                (row[0].trimmingCharacters(in: ["`"]), row.map(String.init))
            }, uniquingKeysWith: { first, _ in first })
        // Some are told when they are known: of the disk, and of keys that were read.
        _ = try await eventually { try Set(families().map(\.name)).isSuperset(of: rows.keys) }
        let told = try families()
        #expect(Set(rows.keys).subtracting(told.map(\.name)).sorted() == [], "nobody tells these")
        #expect(told.count > 60)
        for family in told {
            let row = try #require(rows[family.name], "deploy/metrics.md lacks \(family.name)")
            #expect(row.count == 4 && row[1] == family.kind && row[3] == family.help, "\(row)")
            let labels = Set(row[2].matches(of: /`([a-z_]+)`/).map { String($0.1) })
            if family.hasSamples { #expect(labels == family.labels, "\(row)") }
        }
    }

    @Test func `a number's name says what it is of, in units that need no factor`() throws {
        let site = try TestServer { $0.listenAdmin = $0.listen }
        let admin = try RawClient(try #require(site.server.addressAdmin))
        try admin.send(TestServer.head("GET", "/metrics"))
        let told = MetricsTests.families(try admin.response().text)
        #expect(told.count > 40)
        for family in told {
            let words = family.name.split(separator: "_")
            #expect((words.last == "total") == (family.kind == "counter"), "\(family.name)")
            let factors: Set<Substring> = [
                "ms", "us", "ns", "milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days", "kb", "mb",
                "kib", "mib", "kilobytes", "megabytes", "percent", "bits",
            ]
            #expect(factors.isDisjoint(with: words), "\(family.name): seconds, bytes, or a part of one")
            let isTime = family.help.firstMatch(of: /^(?:How long|Time )/) != nil
            #expect(!isTime || words.contains("seconds"), "\(family.name): “\(family.help)” is told in seconds")
            let isBytes = family.help.firstMatch(of: /^(?:Bytes |Memory |Free space)/) != nil
            #expect(!isBytes || words.contains("bytes"), "\(family.name): “\(family.help)” is told in bytes")
        }
        for histogram in LoopHistogram.allCases where !histogram.metric.isTime {
            #expect(!histogram.metric.name.hasSuffix("_seconds"))
        }
    }

    private struct Family {
        let (name, help): (String, String)
        var kind = ""
        var labels: Set<String> = []
        var hasSamples = false
    }

    private static func families(_ text: String) -> [Family] {
        text.split(separator: "\n").reduce(into: []) { families, line in
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                families.append(Family(name: words[2], help: words[3]))
            } else if line.hasPrefix("# TYPE ") {
                families[families.count - 1].kind = words[3]
            } else {
                // The bounds of a histogram's ranges are no label of ours.
                let labels = words[0].matches(of: /[{,]([a-z_]+)="/).map { String($0.1) }.filter { $0 != "le" }
                families[families.count - 1].labels.formUnion(labels)
                families[families.count - 1].hasSamples = true
            }
        }
    }

    @Test(arguments: LoopCounter.allCases)
    func `every number of the loops has room, and is counted as itself`(counter: LoopCounter) {
        let counters = LoopCounters()
        counters.add(counter, 3)
        for other in LoopCounter.allCases { #expect(counters[other] == (other == counter ? 3 : 0), "\(other)") }
    }

    @Test(arguments: LoopHistogram.allCases)
    func `every distribution of the loops has room, and its ranges as well`(histogram: LoopHistogram) {
        let (bounds, counters) = (histogram.metric.bounds, LoopCounters())
        #expect(bounds.count < HistogramTally.ranges)
        for bound in bounds { counters.record(histogram, bound) }
        counters.record(histogram, .max - bounds.reduce(0, +))
        #expect(counters[histogram].counts == Array(repeating: 1, count: bounds.count + 1))
        for other in LoopHistogram.allCases where other != histogram { #expect(counters[other].sum == 0, "\(other)") }
    }

    @Test func `readiness has a floor of free space`() throws {
        let site = try TestServer { $0.readyFreeBytes = .max }
        let answer = try site.ask(TestServer.head("GET", "/readyz"))
        #expect(answer.status == 503)
        #expect(answer["X-Error-Code"] == "not-ready")
        #expect(try site.ask(TestServer.head("GET", "/healthz")).status == 200)
    }
}
