import Dispatch
import Synchronization

/// Hands the batches of a scan from the thread that reads to the thread that uses them.
///
/// Reading runs a few batches ahead and no more, so that memory stays bounded. One thread calls
/// ``send(_:)`` and then ``finish(_:)`` once; the other calls ``receive()`` until it gives the
/// outcome, or ``stop()`` and then the same.
final class BatchPipeline: Sendable {
    /// What comes through, in the order it was sent.
    enum Item: Sendable {
        case batch(SourceBatch)
        case progress(ScanProgress)
        /// The last item.
        case finished(Outcome)
    }

    /// How a scan ended.
    struct Outcome: Sendable {
        let report: ScanReport
        /// Why it ended before the end of the source.
        let error: OfflineStoreError?
    }

    private struct State {
        var items: [Item] = []
        var isStopped = false
    }

    /// How many items may wait: a batch and its progress, twice.
    private static let capacity = 4

    private let state = Mutex(State())
    // Both begin with nothing, because a semaphore must not end below where it began.
    private let filled = DispatchSemaphore(value: 0)
    private let free = DispatchSemaphore(value: 0)

    init() {
        for _ in 0..<Self.capacity {
            self.free.signal()
        }
    }

    /// Passes an item on, when there is room for it.
    ///
    /// - Returns: Whether the other side still wants items.
    func send(_ item: Item) -> Bool {
        self.free.wait()
        let isWanted = self.state.withLock { state in
            if !state.isStopped { state.items.append(item) }
            return !state.isStopped
        }
        if isWanted {
            self.filled.signal()
        } else {
            self.free.signal()
        }
        return isWanted
    }

    /// Passes the outcome on, without waiting.
    func finish(_ outcome: Outcome) {
        self.state.withLock { $0.items.append(.finished(outcome)) }
        self.filled.signal()
    }

    /// Waits for the next item.
    func receive() -> Item {
        self.filled.wait()
        defer { self.free.signal() }
        return self.state.withLock { $0.items.removeFirst() }
    }

    /// Makes ``send(_:)`` refuse whatever comes from now on.
    func stop() {
        self.state.withLock { $0.isStopped = true }
    }
}
