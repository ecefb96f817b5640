import FeatureStoreKit
import NIOCore
import Synchronization

/// The latencies of one endpoint's answers of one class of statuses.
///
/// One thread writes, any may read: a count is loaded and stored, and nothing waits for a cache
/// line that another core has.
struct LatencyHistogram: ~Copyable, Sendable {
    /// The upper ends of the buckets in nanoseconds, both ends of 50 µs and 10 s included; one more
    /// bucket is without end.
    static let bounds: [Int64] = [
        50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
        50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
        5_000_000_000, 10_000_000_000,
    ]
    private static let firstBound: Int64 = 50_000
    private static let secondBound: Int64 = 100_000

    private let buckets: InlineArray<18, Atomic<Int>> = InlineArray { _ in Atomic(0) }
    private let nanoseconds = Atomic<Int>(0)

    /// Counts one latency; called by the thread that owns the histogram.
    func add(nanoseconds: Int64) {
        // Most answers are in one of the first two.
        let bucket =
            nanoseconds <= Self.firstBound
            ? 0
            : nanoseconds <= Self.secondBound
                ? 1 : Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
        self.buckets[bucket].addAlone(1)
        self.nanoseconds.addAlone(Int(max(0, nanoseconds)))
    }

    /// Adds what was counted to a sum.
    func add(to sum: inout LatencySum) {
        for bucket in sum.buckets.indices {
            sum.buckets[bucket] += self.buckets[bucket].load(ordering: .relaxed)
        }
        sum.nanoseconds += self.nanoseconds.load(ordering: .relaxed)
    }
}

/// The counts of several histograms.
struct LatencySum {
    /// By bucket, not cumulated.
    var buckets = [Int](repeating: 0, count: LatencyHistogram.bounds.count + 1)
    var nanoseconds = 0

    var count: Int { self.buckets.reduce(0, +) }
}

/// What became of a view's rows in reads.
///
/// Rows of two event loops lie apart, so that none waits for the other's cache line.
final class RowCounters: Sendable {
    private let found = Atomic<Int>(0)
    private let expired = Atomic<Int>(0)
    private let notFound = Atomic<Int>(0)
    private let nullValues = Atomic<Int>(0)
    private let distance: InlineArray<12, Int> = InlineArray(repeating: 0)

    /// Adds counts; called by the thread that owns the counters.
    func addAlone(_ counts: RowCounts) {
        self.found.addAlone(counts.found)
        if counts.expired > 0 { self.expired.addAlone(counts.expired) }
        if counts.notFound > 0 { self.notFound.addAlone(counts.notFound) }
        if counts.nullValues > 0 { self.nullValues.addAlone(counts.nullValues) }
    }

    /// Adds counts, whoever else does.
    func add(_ counts: RowCounts) {
        self.found.wrappingAdd(counts.found, ordering: .relaxed)
        self.expired.wrappingAdd(counts.expired, ordering: .relaxed)
        self.notFound.wrappingAdd(counts.notFound, ordering: .relaxed)
        self.nullValues.wrappingAdd(counts.nullValues, ordering: .relaxed)
    }

    var counts: RowCounts {
        RowCounts(
            found: self.found.load(ordering: .relaxed),
            expired: self.expired.load(ordering: .relaxed),
            notFound: self.notFound.load(ordering: .relaxed),
            nullValues: self.nullValues.load(ordering: .relaxed)
        )
    }
}

/// What one event loop counts, and nobody else writes.
final class LoopCounters: Sendable {
    /// Classes of statuses: 1xx to 5xx.
    static let classCount = 5

    /// For each endpoint one histogram for each class.
    private let latencies: InlineArray<160, LatencyHistogram> = InlineArray { _ in
        LatencyHistogram()
    }
    /// The reads that left the event loop, because a block of the database was not in memory.
    private let diskReads = Atomic<Int>(0)
    /// Locked by a read that is compiled, and by whoever looks at the numbers; never by a request.
    private let rows = Mutex<[String: RowCounters]>([:])

    init() {
        precondition(
            (CountedEndpoint.paths.count + 1) * Self.classCount <= self.latencies.count,
            "every endpoint has its histograms"
        )
    }

    /// Counts an answer.
    func add(_ endpoint: CountedEndpoint, status: UInt, time: TimeAmount) {
        let statusClass = min(max(Int(status) / 100, 1), Self.classCount) - 1
        self.latencies[endpoint.index * Self.classCount + statusClass]
            .add(nanoseconds: time.nanoseconds)
    }

    /// Counts a read that leaves the event loop.
    func addDiskRead() { self.diskReads.addAlone(1) }

    var diskReadCount: Int { self.diskReads.load(ordering: .relaxed) }

    /// The counters of a view's rows, which are the same for every read of it.
    func rows(of view: String) -> RowCounters {
        self.rows.withLock { rows in
            if let known = rows[view] { return known }
            let counters = RowCounters()
            rows[view] = counters
            return counters
        }
    }

    /// The counters of all views.
    var allRows: [String: RowCounters] { self.rows.withLock { $0 } }

    /// Adds the latencies of one endpoint and class to a sum.
    func add(_ index: Int, to sum: inout LatencySum) {
        self.latencies[index].add(to: &sum)
    }
}

extension Atomic<Int> {
    /// Adds to a number that no other thread writes.
    func addAlone(_ number: Int) {
        self.store(self.load(ordering: .relaxed) &+ number, ordering: .relaxed)
    }
}
