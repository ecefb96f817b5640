import OfflineStores
import OnlineStores

extension FeatureStore {
    /// Removes what was forgotten from the copies of a snapshot's files that a restore is about to
    /// put in place, as a forgetting removes it from a project's.
    ///
    /// Rows go that were pushed, or became true, before their entity was forgotten. Rejected rows,
    /// answers and rows of saved datasets go whatever their time is: they were made by somebody who
    /// did not know it.
    ///
    /// - Parameters:
    ///   - tombstones: What the rows of the snapshot have not obeyed.
    ///   - copies: The copies, which nobody else uses.
    ///   - snapshot: The folder of the snapshot, whose definitions say what the rows are.
    /// - Returns: What was removed.
    /// - Throws: ``FeatureStoreError`` when a file fails, or is damaged.
    func forget(
        _ tombstones: Tombstones,
        in copies: RestoredFiles,
        of snapshot: String
    ) throws(FeatureStoreError) -> ForgetReceipt {
        let reader = try FeatureStore(
            snapshot: snapshot,
            directory: self.directory,
            functions: self.functions
        )
        let places = try reader.joinKeyPlaces()
        let pushes = ForgottenPushedRows(
            ids: ForgottenIDs(tombstones, places),
            places: places,
            live: try reader.appliedSnapshot().liveGenerations
        )
        var receipt = ForgetReceipt(time: self.now())
        try self.forgetPushes(pushes, in: copies, into: &receipt)
        let online = copies.newPath(of: .online)
        if fileExists(online) {
            let store = try inOnlineStore { () throws(OnlineStoreError) in
                try RocksDBOnlineStore(directory: online, project: self.configuration.project)
            }
            try store.forget(pushes.ids, into: &receipt)
        }
        receipt.isDone = true
        return receipt
    }

    private func forgetPushes(
        _ pushes: ForgottenPushedRows,
        in copies: RestoredFiles,
        into receipt: inout ForgetReceipt
    ) throws(FeatureStoreError) {
        let datasets = SavedDatasetFolder(path: copies.newPath(of: .savedDatasets))
        try self.dropDamaged(datasets)
        let path = copies.newPath(of: .pushLog)
        guard fileExists(path) else {
            return try self.forgetSavedRows(pushes.ids, in: datasets, into: &receipt)
        }
        let log = try inOfflineStore { () throws(OfflineStoreError) in
            try PushLog(path: path, project: self.configuration.project)
        }
        try self.forgetPushes(pushes, in: log, datasets, into: &receipt)
    }

    /// Removes the copies of sets that are damaged: nobody knows any more whose rows are in them,
    /// and the rest is not to be lost for them.
    private func dropDamaged(_ datasets: SavedDatasetFolder) throws(FeatureStoreError) {
        for name in try datasets.names() {
            do throws(FeatureStoreError) {
                let dataset = try datasets.manifest(of: name)
                _ = try datasets.checkedBytes(of: dataset.trainingSet, in: name)
                _ = try datasets.checkedBytes(of: dataset.entityRows.file, in: name)
            } catch {
                guard error.code == .corruptData else { throw error }
                try datasets.remove(name)
                self.notes(
                    "the saved dataset \"\(name)\" was damaged when the snapshot was taken, so "
                        + "that nobody knows whose rows are in it, and is not restored"
                )
            }
        }
    }
}
