import Foundation
import Synchronization

/// Hands the batches of a scan from the thread that reads to the thread that uses them.
///
/// Reading runs a few batches ahead and no more, so that memory stays bounded. One thread calls
/// ``send(_:)`` and then ``finish(_:)`` once; the other calls ``receive()`` until it gives the
/// outcome, or ``stop()`` and then the same.
final class BatchPipeline<Part: Sendable>: Sendable {
    /// What comes through, in the order it was sent.
    enum Item: Sendable {
        /// What was made of a batch.
        case part(Part)
        case progress(ScanProgress)
        /// The last item.
        case finished(ScanOutcome)
    }

    private struct State {
        var items: [Item] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    /// Held for every change of the state, which it announces.
    private let changed = NSCondition()

    /// Passes an item on, when there is room for it.
    ///
    /// - Returns: Whether the other side still wants items.
    func send(_ item: Item) -> Bool {
        self.wait {
            $0.isStopped || $0.items.count < pipelineCapacity
        } then: { state in
            guard !state.isStopped else { return false }
            state.items.append(item)
            return true
        }
    }

    /// Passes the outcome on, without waiting.
    func finish(_ outcome: ScanOutcome) {
        self.wait(until: { _ in true }, then: { $0.items.append(.finished(outcome)) })
    }

    /// Waits for the next item.
    func receive() -> Item {
        self.wait(until: { !$0.items.isEmpty }, then: { $0.items.removeFirst() })
    }

    /// Makes ``send(_:)`` refuse whatever comes from now on.
    func stop() {
        self.wait(until: { _ in true }, then: { $0.isStopped = true })
    }

    /// Changes the state as soon as it is fit for that.
    private func wait<Result: Sendable>(
        until isReady: (State) -> Bool,
        then change: (inout State) -> Result
    ) -> Result {
        self.changed.lock()
        defer { self.changed.unlock() }
        while !self.state.withLock({ isReady($0) }) {
            self.changed.wait()
        }
        defer { self.changed.broadcast() }
        return self.state.withLock { change(&$0) }
    }
}

/// How many items may wait: a batch and its progress, twice.
private let pipelineCapacity = 4

/// How a scan ended.
struct ScanOutcome: Sendable {
    let report: ScanReport
    /// Why it ended before the end of the source.
    let error: OfflineStoreError?
}
