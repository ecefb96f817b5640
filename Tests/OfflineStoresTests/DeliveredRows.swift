import FeatureCompute
import FeatureModel
import OfflineStores
import Synchronization

/// What was told of caches.
final class Told: Sendable {
    private let events: Mutex<[SourceCache.Event]> = Mutex([])

    func add(_ event: SourceCache.Event) {
        self.events.withLock { $0.append(event) }
    }

    /// What was told since the last look, a word each.
    func take() -> [String] {
        self.events.withLock { events in
            defer { events = [] }
            return events.map { event in
                switch event {
                case .made(_, _, _, _, let why): why.map { "made: \($0)" } ?? "made"
                case .read: "read"
                case .notUsed(_, let reason): "not used: \(reason)"
                }
            }
        }
    }
}

/// One row that a scan delivered.
struct Delivered: Equatable {
    var key: [Value]
    var time: Int64
    var created: Int64?
    /// The features as texts, in which a NaN equals a NaN, and -0.0 not 0.0.
    var features: [String]
}

func readRows(
    _ scan: SourceScan,
    _ reader: SourceReader
) throws -> (
    rows: [Delivered], report: ScanReport
) {
    try readingAgainIfDamaged { () throws(OfflineStoreError) in
        var report = ScanReport()
        var rows: [Delivered] = []
        try reader.scan(scan, report: &report) { (batch) throws(OfflineStoreError) in
            for row in 0..<batch.rowCount {
                rows.append(
                    Delivered(
                        key: batch.keyColumns.map { $0[row] },
                        time: batch.times[row],
                        created: batch.created?[row],
                        features: batch.features.map { "\($0[row])" }
                    )
                )
            }
        }
        return (rows, report)
    }
}
