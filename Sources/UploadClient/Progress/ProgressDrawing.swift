internal import HTTPClient
internal import LinuxSystem

/// What has been told of the files under way.
struct ProgressDrawing {
    private let mode: ProgressMode
    private let files: Int
    private var begun = 0
    private var ended = 0
    /// By their numbers.
    private var entries: [Int: ProgressEntry] = [:]
    private var isDrawn = false
    private var isOver = false

    init(_ mode: ProgressMode, files: Int) {
        self.mode = mode
        self.files = files
    }

    mutating func begin(_ name: String, total: Int64?, to url: HTTPURL, _ meter: Meter) -> Int {
        let now = SystemClock.monotonicNanoseconds
        begun += 1
        entries[begun] = ProgressEntry(
            name: name, total: total, url: url, meter: meter, startNanoseconds: now, told: (now, 0))
        draw()
        return begun
    }

    mutating func update() {
        let now = SystemClock.monotonicNanoseconds
        for number in entries.keys.sorted() {
            guard var entry = entries[number] else { continue }
            let trouble = entry.update(now)
            if mode == .lines { report(&entry, trouble, now) }
            entries[number] = entry
        }
        draw()
    }

    mutating func end(_ number: Int, isStored: Bool) {
        guard let entry = entries.removeValue(forKey: number) else { return }
        ended += 1
        guard isStored, !isOver else { return draw() }
        let summary = entry.summary(SystemClock.monotonicNanoseconds)
        switch mode {
        case .silent: break
        case .lines: write("\(entry.name): stored, \(summary)\n")
        case .bar(let isUnicode):
            let columns = self.columns
            let name = TerminalText.shortened(entry.name, to: max(10, columns / 3))
            write(
                "\r" + TerminalText.prefix("\(name)  \(isUnicode ? "✓ " : "")\(summary)", columns: columns)
                    + "\u{1B}[K\n")
            isDrawn = false
            draw()
        }
    }

    mutating func tell(_ name: String, _ text: String) {
        clear()
        write("\(name): \(TerminalText.printable(text))\n")
    }

    mutating func clear() {
        if isDrawn { write("\r\u{1B}[K") }
        isDrawn = false
    }

    mutating func breakOff() {
        isOver = true
        if isDrawn { write("\n") }
        isDrawn = false
    }

    private mutating func draw() {
        guard case .bar(let isUnicode) = mode, !isOver, !entries.isEmpty else { return }
        write("\r" + line(isUnicode).text(columns: columns) + "\u{1B}[K")
        isDrawn = true
    }

    /// One file's own line; of several together, one for all of them.
    private func line(_ isUnicode: Bool) -> ProgressLine {
        let all = entries.sorted { $0.key < $1.key }.map(\.value)
        let isOne = all.count == 1
        let isKnown = all.allSatisfy { $0.total != nil }
        let rates = all.compactMap(\.rate.bytesPerSecond)
        return ProgressLine(
            name: isOne ? all[0].name : "\(ended) of \(files) files, \(all.count) under way",
            done: all.reduce(0) { $0 + $1.done }, total: isKnown ? all.reduce(0) { $0 + ($1.total ?? 0) } : nil,
            bytesPerSecond: rates.isEmpty ? nil : rates.reduce(0, +), trouble: all.lazy.compactMap(\.trouble).first,
            isUnicode: isUnicode)
    }

    /// In plain lines: that it has begun, once it takes a while; what is in the way; how far it is, now and then.
    private func report(_ entry: inout ProgressEntry, _ trouble: String?, _ now: Int64) {
        let isDue = now - entry.startNanoseconds > ClientLimits.silentNanoseconds
        if !entry.isAnnounced, isDue || trouble != nil {
            entry.isAnnounced = true
            let size = entry.total.map { "\(Amounts.bytes($0)) " } ?? ""
            write("\(entry.name): \(size)to \(entry.url.withoutQuery)\n")
        }
        if let trouble { write("\(entry.name): reconnecting: \(TerminalText.printable(trouble))\n") }
        guard entry.trouble == nil else { return }
        let percent = entry.total.map { Amounts.wholePercent(entry.done, of: $0) } ?? 0
        let age = now - entry.told.nanoseconds
        guard age > 5_000_000_000 || age > 1_000_000_000 && percent / 10 > entry.told.percent / 10 else { return }
        entry.told = (now, percent)
        var text = "\(entry.name): "
        if let total = entry.total {
            text += "\(percent) %, \(Amounts.bytes(entry.done)) of \(Amounts.bytes(total))"
        } else {
            text += Amounts.bytes(entry.done)
        }
        if let rate = entry.rate.bytesPerSecond { text += ", \(Amounts.perSecond(rate))" }
        write(text + "\n")
    }

    /// The last column stays free: some terminals begin a new line behind it.
    private var columns: Int { max(10, (SystemProcess.terminalColumns(2) ?? 80) - 1) }

    private func write(_ text: String) {
        if mode != .silent { SystemProcess.write(Array(text.utf8), to: 2) }
    }
}

extension HTTPURL {
    /// For people: a query may be a signature, which is nobody's business.
    fileprivate var withoutQuery: String { String("\(self)".prefix { $0 != "?" }) }
}
