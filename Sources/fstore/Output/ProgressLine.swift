import Glibc
import Synchronization

/// One line on a terminal that says how far a long piece of work is.
///
/// It shows nothing in the first second, nothing when standard error is no terminal, and at most
/// ten states a second.
final class ProgressLine: Sendable {
    private struct State {
        var isShown = false
        var lastShown: ContinuousClock.Instant?
    }

    private let began = ContinuousClock.now
    private let isTerminal = isatty(2) == 1
    private let state = Mutex(State())

    /// Shows that so many rows of something were read.
    func update(_ what: String, rows: Int, fraction: Double?) {
        guard self.isTerminal else { return }
        let now = ContinuousClock.now
        guard now - self.began > .seconds(1) else { return }
        self.state.withLock { state in
            if let last = state.lastShown, now - last < .milliseconds(100) { return }
            state.lastShown = now
            state.isShown = true
            let elapsed = (now - self.began).components
            let passed = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
            var line = "\(what): \(grouped(rows)) rows"
            if let fraction {
                line += ", \(Int(fraction * 100)) %"
            }
            line += ", \(grouped(Int(passed))) s"
            printRaw("\r\u{1B}[K\(line)")
        }
    }

    /// Removes the line.
    func clear() {
        self.state.withLock { state in
            if state.isShown {
                printRaw("\r\u{1B}[K")
            }
            state.isShown = false
        }
    }
}

private func printRaw(_ text: String) {
    let bytes = Array(text.utf8)
    unsafe bytes.withUnsafeBytes { buffer in
        _ = unsafe write(2, buffer.baseAddress, buffer.count)
    }
}
