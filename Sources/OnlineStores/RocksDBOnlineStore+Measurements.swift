package import FeatureModel
import Synchronization

extension RocksDBOnlineStore {
    /// What the store says of itself now; without reading any file.
    package var measurements: OnlineStoreMeasurements {
        var result = OnlineStoreMeasurements()
        let database = self.database
        result.memoryTableBytes = database.property("cur-size-all-mem-tables")
        result.fileBytes = database.property("total-sst-files-size")
        result.estimatedKeys = database.property("estimate-num-keys")
        result.pendingCompactionBytes = database.property("estimate-pending-compaction-bytes")
        result.runningCompactions = database.property("num-running-compactions")
        result.runningFlushes = database.property("num-running-flushes")
        result.isWriteStopped = database.property("is-write-stopped") != 0
        result.delayedWriteRate = database.property("actual-delayed-write-rate")
        result.stallSeconds = stallSeconds(inStatistics: database.propertyText("dbstats"))
        result.backgroundErrors = database.property("background-errors")
        result.blockCacheBytes = database.property("block-cache-usage")
        result.blockCacheCapacity = database.property("block-cache-capacity")
        if let cache = self.cache {
            result.rowCacheBytes = cache.byteCount
            result.rowCacheCapacity = cache.capacity
            (result.rowCacheHits, result.rowCacheMisses) = cache.lookUps
        }
        return result
    }

    /// The newest event that loads or pushes wrote into a view; `nil` when none is known.
    package func newestEvent(of view: StoredView) -> Timestamp? {
        let pushed = self.state.withLock { $0.newestPushedEvents[view.viewID] }
        let times = [pushed.map { Timestamp(microseconds: $0) }, view.loadRecord?.newestEventTime]
        return times.compactMap { $0 }.max()
    }
}

/// The seconds of a line such as `Cumulative stall: 00:01:2.500 H:M:S, 0.4 percent`; 0 without one.
func stallSeconds(inStatistics text: String) -> Double {
    let title = "Cumulative stall: "
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(title) }),
        let time = line.dropFirst(title.count).split(separator: " ").first
    else { return 0 }
    return time.split(separator: ":").reduce(0) { sum, part in sum * 60 + (Double(part) ?? 0) }
}
