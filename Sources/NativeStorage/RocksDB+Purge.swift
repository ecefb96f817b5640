import CRocksDB
import Glibc

// What is deleted stays in the files until they are rewritten: in the write-ahead log and the
// tables with the deletion behind it, and, where a table begins or ends with it, in the manifest.
// Every change of the tables begins a new manifest here (see RocksDBOptions), with the tables as
// they were before and then the change. So one more change, which has nothing to do with the keys,
// makes a manifest without the old tables.

extension RocksDB {
    /// How long to wait for those who read old files.
    private static let patience = Duration.seconds(20)

    /// Rewrites all tables, so that nothing is left in any file of what was deleted or replaced.
    ///
    /// Which of them hold something of it nobody can tell: what was deleted long ago has no row
    /// that leads to it. Reads and writes go on meanwhile.
    ///
    /// - Parameter marker: A key that is written and may be overwritten.
    /// - Throws: ``RocksDBError`` when the files fail, or old files are still being read after some
    ///   time: they go when that ends, or at the next opening.
    package func purge(marker: [UInt8]) throws(RocksDBError) {
        try self.flush()
        let options: OpaquePointer = unsafe rocksdb_compactoptions_create()
        defer { unsafe rocksdb_compactoptions_destroy(options) }
        // rocksdb::BottommostLevelCompaction::kForceOptimized: each table once.
        unsafe rocksdb_compactoptions_set_bottommost_level_compaction(options, 3)
        unsafe rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0)
        unsafe rocksdb_compact_range_opt(self.handle.database, options, nil, 0, nil, 0)
        for _ in 1...2 {
            var batch = WriteBatch()
            batch.put(key: marker.span, value: marker.span)
            try self.write(batch, synced: true)
            try self.flush()
        }
        try self.findObsoleteFiles()
        try self.waitForObsoleteFiles()
    }

    /// Has the folder looked through for files that nobody needs.
    ///
    /// Otherwise RocksDB removes the files that it remembers, and those of a write that failed are
    /// not among them for hours.
    private func findObsoleteFiles() throws(RocksDBError) {
        try unsafe checkingStatus {
            unsafe rocksdb_disable_file_deletions(self.handle.database, $0)
        }
        // Without force: whoever copies the files just now still holds on to them.
        try unsafe checkingStatus {
            unsafe rocksdb_enable_file_deletions(self.handle.database, 0, $0)
        }
    }

    /// Waits until the folder holds no table but those that are in use, and one manifest.
    private func waitForObsoleteFiles() throws(RocksDBError) {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let names = fileNames(in: self.path)
            let live = self.liveTables()
            let tables = names.filter { $0.hasSuffix(".sst") && !live.contains($0) }
            let manifests = names.filter { $0.hasPrefix("MANIFEST-") }
            if tables.isEmpty, manifests.count <= 1 { return }
            guard ContinuousClock.now < deadline else {
                let count = tables.count + max(manifests.count - 1, 0)
                let files = "\(count) old file\(count == 1 ? "" : "s")"
                let failures = self.property("rocksdb.background-errors") ?? 0
                throw RocksDBError(
                    code: .inputOutput,
                    message: failures == 0
                        ? "\(files) still being read; try again when that has ended"
                        : "\(files) left after a disk I/O error, which \(self.path)/LOG names; see "
                            + "to the disk, and try again"
                )
            }
            usleep(10_000)
        }
    }

    /// The names of the tables that are in use.
    private func liveTables() -> Set<String> {
        guard let files = unsafe rocksdb_livefiles(self.handle.database) else { return [] }
        defer { unsafe rocksdb_livefiles_destroy(files) }
        var names: Set<String> = []
        for index in 0..<(unsafe rocksdb_livefiles_count(files)) {
            guard let name = unsafe rocksdb_livefiles_name(files, index) else { continue }
            // It begins with a slash.
            names.insert(String(unsafe String(cString: name).drop { $0 == "/" }))
        }
        return names
    }
}
