import FeatureStoreKit
import Synchronization

/// What a running server counts.
final class ServerCounters: Sendable {
    /// The latencies of an endpoint's answers of one class.
    struct Latencies {
        let endpoint: String
        /// `2xx`.
        let status: String
        let sum: LatencySum
    }

    /// One for each event loop.
    private let loops = Mutex<[LoopCounters]>([])
    /// The rows that are read the general way, on whatever thread.
    private let shared = LoopCounters()

    /// The counters of one more event loop.
    func addLoop() -> LoopCounters {
        let counters = LoopCounters()
        self.loops.withLock { $0.append(counters) }
        return counters
    }

    /// Counts the rows of an answer that was read the general way.
    func add(_ views: [ViewRowCounts]) {
        for view in views {
            self.shared.rows(of: view.name).add(view.counts)
        }
    }

    /// The latencies that were counted, endpoint by endpoint; those without any are left out.
    var latencies: [Latencies] {
        let loops = self.loops.withLock { $0 }
        var result: [Latencies] = []
        for index in 0..<(CountedEndpoint.paths.count + 1) * LoopCounters.classCount {
            var sum = LatencySum()
            for loop in loops {
                loop.add(index, to: &sum)
            }
            guard sum.count > 0 else { continue }
            let endpoint = index / LoopCounters.classCount
            result.append(
                Latencies(
                    endpoint: endpoint < CountedEndpoint.paths.count
                        ? CountedEndpoint.paths[endpoint] : CountedEndpoint.other.name,
                    status: "\(index % LoopCounters.classCount + 1)xx",
                    sum: sum
                )
            )
        }
        return result
    }

    /// The rows that were read, by view.
    var rows: [String: RowCounts] {
        var result: [String: RowCounts] = [:]
        for loop in self.loops.withLock({ $0 }) + [self.shared] {
            for (view, counters) in loop.allRows {
                result[view, default: RowCounts()] += counters.counts
            }
        }
        return result
    }

    /// The reads that left their event loop for the disk.
    var diskReads: Int {
        self.loops.withLock { $0 }.reduce(0) { $0 + $1.diskReadCount }
    }
}
