import Foundation
import Synchronization

/// Threads that read chunks of CSV text at the same time.
///
/// One thread, which owns the value, submits chunks and takes their rows in the order of the
/// chunks. The workers end with the value.
final class CSVWorkers<Part: Sendable> {
    /// A chunk, and its place among all chunks.
    private struct Job: Sendable {
        let number: Int
        let chunk: CSVChunk
    }

    private struct State {
        /// Chunks that no worker has taken yet.
        var waiting: [Job] = []
        /// Rows that nobody has taken yet, by the numbers of their chunks.
        var rows: [Int: CSVChunkRows<Part>] = [:]
        /// What the workers that have ended saw of the keys.
        var seen: [KeyFilter.Seen] = []
        var running = 0
        var isFinished = false
    }

    /// What the threads share.
    private final class Exchange: Sendable {
        private let state = Mutex(State())
        /// Held for every change of the state, which it announces.
        private let changed = NSCondition()

        /// Changes the state as soon as it is fit for that.
        func wait<Result: Sendable>(
            until isReady: (State) -> Bool = { _ in true },
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

        /// What a worker does until there is nothing more to do.
        func work(_ assembler: inout RowAssembler, transform: SourceBatch.Transform<Part>) {
            var index = CSVRowIndex()
            while let job = self.wait(
                until: { !$0.waiting.isEmpty || $0.isFinished },
                then: { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
            ) {
                let rows = job.chunk.rows(&assembler, index: &index, transform: transform)
                self.wait { $0.rows[job.number] = rows }
            }
            let seen = assembler.seen
            self.wait { state in
                if let seen { state.seen.append(seen) }
                state.running -= 1
            }
        }
    }

    private let exchange = Exchange()
    private let workerCount: Int
    private var submitted = 0
    private var taken = 0

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - assembler: Knows what is read; its own rows and report are not touched.
    ///   - count: How many threads there are.
    ///   - transform: Called with each batch, by several threads at a time.
    /// - Throws: ``OfflineStoreError`` when the scan names no time zone that there is.
    init(
        like assembler: RowAssembler,
        count: Int,
        transform: @escaping SourceBatch.Transform<Part>
    ) throws(OfflineStoreError) {
        self.workerCount = count
        var assemblers: [RowAssembler] = []
        for _ in 0..<count {
            assemblers.append(try assembler.unused())
        }
        self.exchange.wait { $0.running = count }
        for assembler in assemblers {
            // The worker alone has it from here on: it shares no state with the one it is like.
            nonisolated(unsafe) let own = assembler
            Thread.detachNewThread { [exchange = self.exchange] in
                var own = unsafe own
                exchange.work(&own, transform: transform)
            }
        }
    }

    deinit {
        self.exchange.wait { state in
            state.waiting = []
            state.isFinished = true
        }
    }

    /// Whether there are rows to take.
    var hasRows: Bool { self.submitted > self.taken }

    /// Whether rows should be taken before the next chunk: every worker has one, and another waits.
    var isFull: Bool { self.submitted - self.taken > self.workerCount }

    /// Gives a chunk to the workers.
    func submit(_ chunk: CSVChunk) {
        let job = Job(number: self.submitted, chunk: chunk)
        self.submitted += 1
        self.exchange.wait { $0.waiting.append(job) }
    }

    /// Waits for the rows of the chunk that was submitted first of those that are left.
    func next() -> CSVChunkRows<Part> {
        let number = self.taken
        self.taken += 1
        // It is there by the condition; nothing else removes rows.
        let none = CSVChunkRows<Part>(parts: [], report: ScanReport(), error: nil)
        return self.exchange.wait(
            until: { $0.rows[number] != nil },
            then: { $0.rows.removeValue(forKey: number) ?? none }
        )
    }

    /// Ends the workers, after all rows were taken.
    ///
    /// - Returns: What they saw of the keys.
    func finish() -> [KeyFilter.Seen] {
        self.exchange.wait { $0.isFinished = true }
        return self.exchange.wait(until: { $0.running == 0 }, then: { $0.seen })
    }
}
