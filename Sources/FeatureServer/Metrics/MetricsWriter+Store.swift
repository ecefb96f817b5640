import FeatureModel
import FeatureStoreKit

extension MetricsWriter {
    /// Writes what a store measures of itself.
    mutating func write(_ measurements: StoreMeasurements) {
        self.writeFreshness(measurements.readiness)
        self.writeLoads(measurements)
        self.writePushes(measurements)
        // A store that is not open has no numbers, but the families are there.
        self.write(measurements.store ?? OnlineStoreMeasurements())
    }

    private mutating func writeFreshness(_ readiness: StoreReadiness) {
        self.write(
            "fstore_registry_version",
            .gauge,
            "Version of the definitions in force; 0 when nothing was applied.",
            readiness.registryVersion
        )
        self.begin(
            "fstore_feature_view_loaded",
            .gauge,
            "Whether rows are there that fit the definition in force."
        )
        for view in readiness.views {
            self.add(view.isLoaded ? 1 : 0, ["feature_view": view.name])
        }
        self.begin(
            "fstore_feature_view_event_age_seconds",
            .gauge,
            "Time since the newest event that was loaded or pushed."
        )
        for view in readiness.views {
            guard let event = view.newestEvent else { continue }
            self.add(seconds(from: event, to: readiness.now), ["feature_view": view.name])
        }
        self.begin(
            "fstore_feature_view_load_age_seconds",
            .gauge,
            "Time since the last load was done."
        )
        for view in readiness.views {
            guard let load = view.lastLoad else { continue }
            self.add(seconds(from: load, to: readiness.now), ["feature_view": view.name])
        }
    }

    private mutating func writeLoads(_ measurements: StoreMeasurements) {
        // Zeros for views that were not loaded: a counter that begins with its first failure has
        // no rate.
        var loads = measurements.activity.loads
        for view in measurements.readiness.views where loads[view.name] == nil {
            loads[view.name] = StoreActivity.Loads()
        }
        let views = loads.sorted { $0.key < $1.key }
        self.begin("fstore_loads", .counter, "Loads of a view that ended, by result.")
        for (view, loads) in views {
            self.add(loads.succeeded, ["feature_view": view, "result": "ok"])
            self.add(loads.failed, ["feature_view": view, "result": "failed"])
        }
        self.begin("fstore_load_rows", .counter, "Rows of loads: read, written, stale, bad.")
        for (view, loads) in views {
            self.add(loads.rowsRead, ["feature_view": view, "outcome": "read"])
            self.add(loads.keysWritten, ["feature_view": view, "outcome": "written"])
            self.add(loads.stale, ["feature_view": view, "outcome": "stale"])
            self.add(loads.bad, ["feature_view": view, "outcome": "bad"])
        }
        self.begin("fstore_load_duration_seconds", .summary, "How long loads took.")
        for (view, loads) in views {
            self.add(loads.seconds, ["feature_view": view], suffix: "_sum")
            self.add(loads.succeeded + loads.failed, ["feature_view": view], suffix: "_count")
        }
        let loaded = views.filter { $0.value.lastSeconds > 0 }
        self.begin("fstore_last_load_duration_seconds", .gauge, "How long the last load took.")
        for (view, loads) in loaded {
            self.add(loads.lastSeconds, ["feature_view": view])
        }
        self.begin(
            "fstore_last_load_rows_per_second",
            .gauge,
            "Rows that the last load read, over the time that it took."
        )
        for (view, loads) in loaded {
            self.add(Double(loads.lastRowsRead) / loads.lastSeconds, ["feature_view": view])
        }
    }

    private mutating func writePushes(_ measurements: StoreMeasurements) {
        self.begin("fstore_pushed_rows", .counter, "Rows that were pushed, by what became of them.")
        for (destination, rows) in measurements.activity.pushes.sorted(by: { $0.key < $1.key }) {
            self.add(rows.accepted, ["destination": destination, "outcome": "accepted"])
            self.add(rows.stale, ["destination": destination, "outcome": "stale"])
            self.add(rows.rejected, ["destination": destination, "outcome": "rejected"])
        }
        let pushes = measurements.pushes
        self.write(
            "fstore_waiting_rows",
            .gauge,
            "Pushed rows that are not served yet, because their time is still to come.",
            pushes?.waiting ?? 0
        )
        self.write(
            "fstore_pending_pushes",
            .gauge,
            "Pushes that have not reached the online store yet.",
            pushes?.pending ?? 0
        )
        self.write(
            "fstore_kept_rejects",
            .gauge,
            "Rejected rows that are kept.",
            pushes?.rejects ?? 0
        )
    }

    private mutating func write(_ store: OnlineStoreMeasurements) {
        let gauges: [(name: String, help: String, value: Int)] = [
            ("memtable_bytes", "Bytes of write buffers.", store.memoryTableBytes),
            ("sst_bytes", "Bytes of the files that hold rows.", store.fileBytes),
            ("estimated_keys", "Keys that there are, about.", store.estimatedKeys),
            (
                "pending_compaction_bytes", "Bytes that compactions have to rewrite, about.",
                store.pendingCompactionBytes
            ),
            ("running_compactions", "Compactions that run.", store.runningCompactions),
            ("running_flushes", "Flushes that run.", store.runningFlushes),
            ("write_stopped", "Whether writes wait for compactions.", store.isWriteStopped ? 1 : 0),
            (
                "delayed_write_bytes_per_second",
                "What writes are slowed down to; 0 when they are not.", store.delayedWriteRate
            ),
            ("block_cache_bytes", "Bytes in the cache of blocks.", store.blockCacheBytes),
            (
                "block_cache_capacity_bytes", "Bytes that may be in the cache of blocks.",
                store.blockCacheCapacity
            ),
        ]
        for gauge in gauges {
            self.write("fstore_rocksdb_\(gauge.name)", .gauge, gauge.help, gauge.value)
        }
        self.write(
            "fstore_rocksdb_stall_seconds",
            .counter,
            "How long writes were stalled.",
            store.stallSeconds
        )
        self.write(
            "fstore_rocksdb_background_errors",
            .counter,
            "Errors of flushes and compactions.",
            store.backgroundErrors
        )
        self.write(
            "fstore_row_cache_bytes",
            .gauge,
            "Bytes in the cache of rows.",
            store.rowCacheBytes
        )
        self.write(
            "fstore_row_cache_capacity_bytes",
            .gauge,
            "Bytes that may be in the cache of rows.",
            store.rowCacheCapacity
        )
        self.begin("fstore_row_cache_lookups", .counter, "Look-ups in the cache of rows.")
        self.add(store.rowCacheHits, ["result": "hit"])
        self.add(store.rowCacheMisses, ["result": "miss"])
    }
}

/// How long after one time another is.
func seconds(from start: Timestamp, to end: Timestamp) -> Double {
    Double(end.microseconds &- start.microseconds) / 1_000_000
}
