import Foundation
import Synchronization

/// Threads that read chunks of CSV text at the same time.
///
/// One thread, which owns the value, submits chunks and takes their rows in the order of the
/// chunks. The workers end with the value.
final class CSVWorkers<Part: Sendable> {
    /// What the workers leave behind for others.
    private struct Remains {
        /// Buffers of chunks that were read.
        var buffers: [[UInt8]] = []
        /// What the workers that have ended saw of the keys.
        var seen: [KeyFilter.Seen] = []
    }

    private final class Exchange: Sendable {
        let work: OrderedWork<CSVChunk, CSVChunkRows<Part>>
        let remains = Mutex(Remains())

        init(threadCount: Int) {
            self.work = OrderedWork(threadCount: threadCount)
        }

        /// What a worker does until there is nothing more to do.
        func run(_ assembler: inout RowAssembler, transform: SourceBatch.Transform<Part>) {
            var index = CSVRowIndex()
            while let (number, chunk) = self.work.takeJob() {
                let rows = chunk.rows(&assembler, index: &index, transform: transform)
                self.remains.withLock { $0.buffers.append(chunk.buffer) }
                self.work.put(rows, of: number)
            }
            if let seen = assembler.seen {
                self.remains.withLock { $0.seen.append(seen) }
            }
            self.work.leave()
        }
    }

    private let exchange: Exchange

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
        self.exchange = Exchange(threadCount: count)
        var assemblers: [RowAssembler] = []
        for _ in 0..<count {
            assemblers.append(try assembler.unused())
        }
        for assembler in assemblers {
            // The worker alone has it from here on: it shares no state with the one it is like.
            nonisolated(unsafe) let own = assembler
            Thread.detachNewThread { [exchange = self.exchange] in
                var own = unsafe own
                exchange.run(&own, transform: transform)
            }
        }
    }

    deinit {
        self.exchange.work.finish()
    }

    /// Whether there are rows to take.
    var hasRows: Bool { self.exchange.work.hasResults }

    /// Whether rows should be taken before the next chunk.
    var isFull: Bool { self.exchange.work.isFull }

    /// Gives a chunk to the workers.
    func submit(_ chunk: CSVChunk) {
        self.exchange.work.submit(chunk)
    }

    /// A buffer that a chunk had, to be filled again; empty when there is none.
    func takeBuffer() -> [UInt8] {
        self.exchange.remains.withLock { $0.buffers.popLast() ?? [] }
    }

    /// Waits for the rows of the chunk that was submitted first of those that are left.
    func next() -> CSVChunkRows<Part> {
        self.exchange.work.nextResult()
    }

    /// Ends the workers, after all rows were taken.
    ///
    /// - Returns: What they saw of the keys.
    func finish() -> [KeyFilter.Seen] {
        self.exchange.work.finish()
        self.exchange.work.waitForThreads()
        return self.exchange.remains.withLock { $0.seen }
    }
}
