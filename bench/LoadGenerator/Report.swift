/// What a run has measured.
struct Report {
    let plan: LoadPlan
    var connectNanoseconds: Int64 = 0
    /// From the common start to the last answer.
    var wallNanoseconds: Int64 = 0
    var clientCPUNanoseconds: Int64 = 0
    var latencies = LatencyHistogram()
    var errors = 0
    var firstError: LoadError?
    /// Connections that the server ended while they were held idle.
    var lostConnections = 0
    /// The server before the connections, before the first request, after the last answer, and after the idle time.
    var serverAtRest: ServerProcesses.Footprint?
    var serverBefore: ServerProcesses.Footprint?
    var serverAfter: ServerProcesses.Footprint?
    var serverIdle: ServerProcesses.Footprint?

    init(_ plan: LoadPlan) { self.plan = plan }

    /// Requests that were answered as they should be.
    var requests: Int { Int(latencies.count) }
    /// Body bytes of these.
    var bytes: Int64 { Int64(requests) * plan.bodyBytes }

    /// The figures, in the order in which they are printed: the key says the unit, the text is a JSON value.
    var figures: [(key: String, value: String)] {
        let seconds = Double(max(1, wallNanoseconds)) / 1e9
        var figures: [(key: String, value: String)] = [
            ("dialect", "\"\(plan.dialect.rawValue)\""),
            ("tls", plan.url.usesTLS ? "true" : "false"),
            ("connections", "\(plan.connections)"),
            ("threads", "\(plan.threads)"),
            ("seed", "\(plan.seed)"),
            ("requests", "\(requests)"),
            ("size_bytes", "\(plan.bodyBytes)"),
            ("bytes", "\(bytes)"),
            ("errors", "\(errors)"),
            ("connect_seconds", (Double(connectNanoseconds) / 1e9).text(decimals: 3)),
            ("wall_seconds", seconds.text(decimals: 3)),
            ("mib_per_second", (Double(bytes) / seconds / 1_048_576).text(decimals: 1)),
            ("requests_per_second", (Double(requests) / seconds).text(decimals: 1)),
        ]
        for (name, fraction) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)] {
            figures.append(("latency_ms_\(name)", (Double(latencies.percentile(fraction)) / 1e6).text(decimals: 3)))
        }
        figures.append(("client_cpu_seconds", (Double(clientCPUNanoseconds) / 1e9).text(decimals: 3)))
        appendServerFigures(&figures)
        return figures
    }

    private func appendServerFigures(_ figures: inout [(key: String, value: String)]) {
        guard let serverBefore, let serverAfter, let serverAtRest else { return }
        let seconds = Double(serverAfter.cpuNanoseconds - serverBefore.cpuNanoseconds) / 1e9
        let user = Double(serverAfter.userNanoseconds - serverBefore.userNanoseconds) / 1e9
        let system = Double(serverAfter.systemNanoseconds - serverBefore.systemNanoseconds) / 1e9
        figures.append(("server_cpu_seconds", seconds.text(decimals: 6)))
        figures.append(("server_cpu_user_seconds", user.text(decimals: 2)))
        figures.append(("server_cpu_system_seconds", system.text(decimals: 2)))
        if bytes > 0 {
            let gibibytes = Double(bytes) / 1_073_741_824
            figures.append(("server_cpu_seconds_per_gib", (seconds / gibibytes).text(decimals: 4)))
        }
        if requests > 0 {
            let micros = seconds * 1e6 / Double(requests)
            figures.append(("server_cpu_us_per_request", micros.text(decimals: 1)))
        }
        figures.append(("server_rss_bytes", "\(serverAfter.residentBytes)"))
        figures.append(("server_rss_peak_bytes", "\(serverAfter.residentPeakBytes)"))
        guard let serverIdle else { return }
        let grown = serverIdle.residentBytes - serverAtRest.residentBytes
        figures.append(("idle_lost_connections", "\(lostConnections)"))
        figures.append(("server_rss_at_rest_bytes", "\(serverAtRest.residentBytes)"))
        figures.append(("server_rss_idle_bytes", "\(serverIdle.residentBytes)"))
        figures.append(("server_rss_per_connection_bytes", "\(grown / Int64(plan.connections))"))
    }

    /// One line of JSON.
    var json: String { "{" + figures.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}" }

    /// One figure a line, for people.
    var text: String {
        let width = figures.map(\.key.count).max() ?? 0
        return figures.map { key, value in
            "\(key)\(String(repeating: " ", count: width - key.count))  \(value)"
        }.joined(separator: "\n")
    }
}

extension Double {
    /// With a fixed number of decimals (0…9) and a point, rounded; for numbers that fit into an Int64 that way.
    func text(decimals: Int) -> String {
        let factor = (0..<decimals).reduce(1) { product, _ in product * 10 }
        let scaled = Int64((magnitude * Double(factor)).rounded())
        let fraction = String(scaled % Int64(factor))
        let sign = self < 0 && scaled > 0 ? "-" : ""
        let whole = "\(sign)\(scaled / Int64(factor))"
        if decimals == 0 { return whole }
        return whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
