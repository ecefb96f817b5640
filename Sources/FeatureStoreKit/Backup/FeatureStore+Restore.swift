import FeatureRegistry
import NativeStorage
import OfflineStores
import OnlineStores
import Synchronization

// A restore has four steps:
//
// 1. The snapshot's files are copied beside the places where they shall be, as `NAME.restoring`,
//    and are compared with the manifest on the way.
// 2. What was forgotten and is in these copies is removed from them; beside them are written the
//    tombstones of both, the project and the snapshot.
// 3. The journal beside the registry, `registry.db.restore`, says that they are whole.
// 4. Each part gets its name, the tombstones first; what had it lies aside as `NAME.replaced`. Then
//    the journal goes, and what lies aside.
//
// A process that ends before the third step has changed nothing. One that ends after it has left
// the rest of the fourth to whoever uses the project next, which does it before anything else.

extension FeatureStore {
    /// Puts a snapshot in the place of the project's files, without the rows of entities that were
    /// forgotten, here or there, after they had become true.
    ///
    /// - Parameters:
    ///   - snapshot: The folder of the snapshot, which stays as it is.
    ///   - replacing: Whether files that are there may be replaced.
    /// - Returns: What was restored.
    /// - Throws: ``FeatureStoreError``: `corruptData` when the snapshot is not whole, `conflict`
    ///   when somebody has the online store open, `invalidArgument` when it is another project's or
    ///   files are there that may not be replaced. Nothing has changed then.
    @discardableResult
    public func restore(
        from snapshot: String,
        replacing: Bool = false
    ) throws(FeatureStoreError) -> RestoreReport {
        try self.checkWritable("nothing can be restored into it")
        // The audit log lies there, too.
        try inFiles { () throws(FileError) in
            try makeFolder(FileTree.parent(of: self.paths.registry))
        }
        return try self.audited(.restore) { (details) throws(FeatureStoreError) in
            let report = try self.putInPlace(snapshot, replacing: replacing)
            details.count("registry_version", report.manifest.registryVersion)
            return report
        }
    }

    private func putInPlace(
        _ snapshot: String,
        replacing: Bool
    ) throws(FeatureStoreError) -> RestoreReport {
        let manifest = try SnapshotManifest(ofSnapshotAt: snapshot)
        guard manifest.project == self.configuration.project else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the snapshot \(snapshot) is of the project \"\(manifest.project)\", and "
                    + "this repository is \"\(self.configuration.project)\"; restore it into a "
                    + "folder without feature_store.yaml"
            )
        }
        let problems = SnapshotReport.fileProblems(manifest, at: snapshot)
        guard problems.isEmpty else {
            throw FeatureStoreError(
                code: .corruptData,
                message: "the snapshot is not whole, and nothing was restored:\n"
                    + problems.map { "  \($0)" }.joined(separator: "\n")
            )
        }
        try self.completeRestore()
        guard !self.isOnlineOpen else {
            throw FeatureStoreError(
                code: .conflict,
                message: "this process has the online store open; restore before it is used"
            )
        }
        try inFiles { () throws(FileError) in
            try makeFolder(FileTree.parent(of: self.paths.online))
        }
        // Until the end nobody opens the store.
        let lock = try inOnlineStore { () throws(OnlineStoreError) in
            try RocksDBOnlineStore.lock(self.paths.online)
        }
        let restoring = RestoredFiles(self.paths)
        if !replacing, let path = restoring.firstInTheWay {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path) is there, and would be replaced; --replace allows that, or "
                    + "restore with -c into an empty folder"
            )
        }
        self.pushLog.withLock { $0 = nil }
        let turn = try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.turn()
        }
        let forgotten = try self.replaceFiles(restoring, by: manifest, at: snapshot, turn)
        _ = consume lock
        try self.reloadDefinitions()
        return RestoreReport(manifest: manifest, forgotten: forgotten)
    }

    /// - Returns: What was left out, because it was forgotten; `nil` when nothing was.
    private func replaceFiles(
        _ restoring: RestoredFiles,
        by manifest: SnapshotManifest,
        at snapshot: String,
        _ turn: ForgettingTurn
    ) throws(FeatureStoreError) -> ForgetReceipt? {
        let tombstones = try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.restored(from: snapshot, turn)
        }
        var receipt: ForgetReceipt?
        do throws(FeatureStoreError) {
            try inFiles { () throws(FileError) in
                try restoring.stage(manifest, from: snapshot)
            }
            if !tombstones.outstanding.isEmpty, manifest.registryVersion > 0 {
                receipt = try self.forget(tombstones.outstanding, in: restoring, of: snapshot)
            }
            if tombstones.isNew {
                // They hold rows that do not count any more.
                self.sources.cache?.removeAll()
                try inFiles { () throws(FileError) in
                    try restoring.write(tombstones: tombstones.files)
                }
            }
            try inFiles { () throws(FileError) in
                try restoring.synchronize()
                let hold = try FolderHold(waitingFor: FileTree.parent(of: self.paths.registry))
                try restoring.writeJournal(manifest)
                try restoring.complete()
                _ = hold
            }
        } catch {
            restoring.removeLeftovers()
            throw error
        }
        if tombstones.isNew {
            // Who has begun before knew less, and may have made a cache.
            try inOfflineStore { () throws(OfflineStoreError) in
                try self.forgotten.waitForOlderLeases(turn) {
                    self.notes("waiting for the training sets that have begun")
                }
            }
            self.sources.cache?.removeAll()
        }
        return receipt
    }

    /// Ends a restore that another process began to put in place.
    ///
    /// - Complexity: One look at the file system when there is none.
    func completeRestore() throws(FeatureStoreError) {
        guard self.snapshotPath == nil, fileExists(self.paths.restoreJournal) else { return }
        try inFiles { () throws(FileError) in
            let hold = try FolderHold(waitingFor: FileTree.parent(of: self.paths.registry))
            try RestoredFiles(self.paths).complete()
            _ = hold
        }
    }
}
