import Access
import Storage
import TestSupport
import Testing

@testable import UploadServer

/// There is room for everything that is counted.
@Suite(.timeLimit(.minutes(1))) struct LoopCountersTests {
    @Test(arguments: LimitRules.all) func `refusals by every limit are counted as its own`(rule: String) {
        let counters = LoopCounters()
        counters.countLimit(rule)
        for other in LimitRules.all { #expect(counters.limitCount(other) == (other == rule ? 1 : 0), "\(other)") }
    }

    @Test(arguments: AccessFault.rules) func `refusals by every rule of access are counted as its own`(rule: String) {
        let counters = LoopCounters()
        counters.countRefusal(rule)
        for other in AccessFault.rules { #expect(counters.refusalCount(other) == (other == rule ? 1 : 0), "\(other)") }
    }

    @Test func `connections of every kind of listener are counted`() {
        let counters = LoopCounters()
        #expect(counters.opened.count == ListenerKind.allCases.count)
        #expect(counters.closed.count == ListenerKind.allCases.count)
        #expect(ListenerKind.allCases.map(\.rawValue) == Array(ListenerKind.allCases.indices))
    }

    @Test func `the limits' refusals are those that the documentation gives a bound on uploads for`() throws {
        var found: Set<String> = []
        for row in try Page(at: "docs/errors.md").rows where row.count == 3 {
            if row[2].contains(/--(?:owner-[a-z-]+|max-uploads|max-creations|events-max|max-size)/) {
                found.formUnion(row[1].matches(of: /`([^`]+)`/).map { String($0.1) })
            }
        }
        #expect(found == Set(LimitRules.all), "see LimitRules.all and docs/errors.md")
    }

    @Test func `a form of too many files is refused by a limit, in the log and the metrics`() async throws {
        let site = try TestServer {
            $0.listenAdmin = $0.listen
            $0.store.openUploadsMax = 1
        }
        let part = "--x\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n1\r\n"
        let form = Array("\(part)\(part)--x--\r\n".utf8)
        let head = TestServer.head(
            "POST", "/files", ["Content-Type: multipart/form-data; boundary=x", "Content-Length: \(form.count)"])
        #expect(try site.ask(head, body: form)["X-Error-Code"] == "form-files")
        #expect(await eventually { site.logText.contains("rule=form-files") })
        let admin = try RawClient(try #require(site.server.addressAdmin))
        try admin.send(TestServer.head("GET", "/metrics"))
        #expect(try admin.response().text.contains("\nsluice_limit_refusals_total{rule=\"form-files\"} 1\n"))
    }
}
