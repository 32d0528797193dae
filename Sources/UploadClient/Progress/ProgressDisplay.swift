internal import LinuxSystem
internal import Synchronization

/// Tells on standard error how a file gets on. Usable from any thread.
///
/// Writing may wait for a slow terminal, and the loop with it: nobody else depends on a client.
final class ProgressDisplay: Sendable {
    private let state: Mutex<ProgressDrawing>

    init(_ mode: ProgressMode) { state = Mutex(ProgressDrawing(mode)) }

    /// A file is about to be sent; `meter` will tell how far it is.
    func begin(_ name: String, total: Int64, to url: UploadURL, _ meter: Meter) {
        state.withLock { $0.begin(name, total: total, to: url, meter) }
    }

    /// To be called ten times a second or so.
    func update() { state.withLock { $0.update() } }

    /// The file is stored.
    func end() { state.withLock { $0.end() } }

    /// Leaves the line as it stands, for a message to follow below it.
    func breakOff() { state.withLock { $0.breakOff() } }
}

/// What has been told of the file under way.
private struct ProgressDrawing {
    private let mode: ProgressMode
    private var line = ProgressLine(name: "", done: 0, total: 0)
    private var rate = RateMeter(nanoseconds: 0, done: 0)
    private var startNanoseconds: Int64 = 0
    private var startDone: Int64?
    private var trouble: String?
    /// When a plain line was written last, and at which percentage.
    private var told = (nanoseconds: Int64(0), percent: 0)
    private var isDrawn = false
    /// Nil between two files.
    private var meter: Meter?

    init(_ mode: ProgressMode) {
        self.mode = mode
        if case .bar(let isUnicode) = mode { line.isUnicode = isUnicode }
    }

    mutating func begin(_ name: String, total: Int64, to url: UploadURL, _ meter: Meter) {
        let now = SystemClock.monotonicNanoseconds
        self.meter = meter
        (line.name, line.done, line.total, line.bytesPerSecond) = (name, 0, total, nil)
        startNanoseconds = now
        startDone = nil
        trouble = nil
        told = (now, 0)
        if mode == .lines { write("\(TerminalText.printable(name)): \(Amounts.bytes(total)) to \(url)\n") }
        draw()
    }

    mutating func update() {
        guard let meter else { return }
        let now = SystemClock.monotonicNanoseconds
        let reading = meter.reading
        line.done = reading.done
        line.trouble = reading.trouble
        if startDone == nil, reading.done > 0 || now - startNanoseconds > 1_000_000_000 {
            // What an earlier run has sent is no achievement of this one.
            startDone = reading.done
            rate = RateMeter(nanoseconds: now, done: reading.done)
        } else {
            rate.update(nanoseconds: now, done: reading.done)
        }
        line.bytesPerSecond = rate.bytesPerSecond
        if mode == .lines { tell(now) } else { draw() }
        trouble = reading.trouble
    }

    mutating func end() {
        meter = nil
        let nanoseconds = max(1, SystemClock.monotonicNanoseconds - startNanoseconds)
        let seconds = Double(nanoseconds) / 1e9
        let rate = Double(line.total) / seconds
        let time =
            nanoseconds < 1_000_000_000 ? "under a second" : Amounts.duration(seconds: nanoseconds / 1_000_000_000)
        let isWhole = startDone.map { $0 < 1 << 20 } ?? true
        let summary =
            "\(Amounts.bytes(line.total)) in \(time)"
            + (isWhole && seconds >= 1 ? ", \(Amounts.bytes(Int64(rate)))/s" : "")
        switch mode {
        case .silent: break
        case .lines: write("\(TerminalText.printable(line.name)): stored, \(summary)\n")
        case .bar(let isUnicode):
            let columns = self.columns
            let name = TerminalText.shortened(TerminalText.printable(line.name), to: max(10, columns / 3))
            write(
                "\r" + TerminalText.prefix("\(name)  \(isUnicode ? "✓ " : "")\(summary)", columns: columns)
                    + "\u{1B}[K\n")
            isDrawn = false
        }
    }

    mutating func breakOff() {
        meter = nil
        if isDrawn { write("\n") }
        isDrawn = false
    }

    private mutating func draw() {
        guard case .bar = mode else { return }
        write("\r" + line.text(columns: columns) + "\u{1B}[K")
        isDrawn = true
    }

    private mutating func tell(_ now: Int64) {
        let name = TerminalText.printable(line.name)
        if let new = line.trouble {
            if new != trouble { write("\(name): reconnecting: \(TerminalText.printable(new))\n") }
            return
        }
        let percent = Amounts.wholePercent(line.done, of: line.total)
        let age = now - told.nanoseconds
        guard age > 5_000_000_000 || age > 1_000_000_000 && percent / 10 > told.percent / 10 else { return }
        told = (now, percent)
        var text = "\(name): \(percent) %, \(Amounts.bytes(line.done)) of \(Amounts.bytes(line.total))"
        if let rate = line.bytesPerSecond { text += ", \(Amounts.bytes(Int64(rate)))/s" }
        write(text + "\n")
    }

    /// The last column stays free: some terminals begin a new line behind it.
    private var columns: Int { max(10, (SystemProcess.terminalColumns(2) ?? 80) - 1) }

    private func write(_ text: String) {
        if mode != .silent { SystemProcess.write(Array(text.utf8), to: 2) }
    }
}
