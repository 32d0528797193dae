import Events
import Foundation
import HTTP
import HTTPClient
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

    @Test func `deploy/metrics.md has a row for every number that is told, and for no other`() throws {
        let target = try #require(HTTPURL("http://127.0.0.1:9/"))
        let site = try TestServer {
            $0.listenAdmin = $0.listen
            $0.delivery.targets = [.webhook(Webhook(url: target))]
        }
        let admin = try RawClient(try #require(site.server.addressAdmin))
        try admin.send(TestServer.head("GET", "/metrics"))
        let told = Set(
            try admin.response().text.matches(of: /\n?# TYPE ([a-z0-9_]+) ([a-z]+)/).map { "\($0.1) \($0.2)" })
        let page = try Page(at: "deploy/metrics.md")
        let table = Set(
            page.rows.filter { $0[0].hasPrefix("`") }.map { row in
                "\(row[0].trimmingCharacters(in: ["`"])) \(row[1])"
            })
        #expect(told.subtracting(table).sorted() == [], "deploy/metrics.md lacks these")
        let sometimes: Set = [
            "sluice_tls_certificate_expiry_timestamp_seconds gauge", "sluice_disk_free_bytes gauge",
            "sluice_disk_free_files gauge", "sluice_jwks_age_seconds gauge",
        ]
        #expect(table.subtracting(told).subtracting(sometimes).sorted() == [], "nobody tells these")
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
        #expect(bounds == bounds.sorted() && bounds.count < HistogramTally.ranges)
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
