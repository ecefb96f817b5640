import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores

extension FeatureStore {
    /// Removes the rows of some entities from all saved datasets: from the sets and from their
    /// entity rows.
    ///
    /// Each set is replaced as a whole, and notes it.
    ///
    /// - Parameters:
    ///   - ids: The entities.
    ///   - time: The time of the forgetting.
    ///   - left: What is left of the pushed rows that they were made from.
    ///   - isDryRun: Whether rows are only counted.
    /// - Returns: The sets that had such rows.
    /// - Throws: ``FeatureStoreError``; `corruptData` when a set cannot be read, so that nobody
    ///   knows what is in it.
    func forgetSavedRows(
        _ ids: ForgottenIDs,
        time: Timestamp,
        inputs left: PushedInputsLeft,
        isDryRun: Bool
    ) throws(FeatureStoreError) -> [ForgetReceipt.Count] {
        let folder = self.savedDatasetFolder
        if !isDryRun { folder.removeLeftovers() }
        var counts: [ForgetReceipt.Count] = []
        for name in try folder.names() {
            let dataset = try folder.manifest(of: name)
            let set = try self.redacted(dataset.trainingSet, of: name, ids)
            let entityRows = try self.redacted(dataset.entityRows.file, of: name, ids)
            let inputs = try isDryRun ? dataset.inputs : self.inputs(of: dataset, left)
            let rows = set.rows + entityRows.rows
            guard rows > 0 || inputs != dataset.inputs else { continue }
            if rows > 0 { counts.append(ForgetReceipt.Count(name: name, rows: rows)) }
            guard !isDryRun else { continue }
            var changed = dataset
            changed.inputs = inputs
            changed.rows -= set.rows
            changed.trainingSet = changed.trainingSet.with(set.bytes)
            changed.entityRows.file = changed.entityRows.file.with(entityRows.bytes)
            var notes = changed.forgotten ?? []
            notes.append(.init(time: time, rows: set.rows, entityRows: entityRows.rows))
            changed.forgotten = notes
            try folder.writing(name, replacing: true) { (path) throws(FeatureStoreError) in
                try changed.write(to: path, set: set.bytes, entityRows: entityRows.bytes)
            }
        }
        return counts
    }

    private func redacted(
        _ file: SavedDataset.File,
        of name: String,
        _ ids: ForgottenIDs
    ) throws(FeatureStoreError) -> (bytes: [UInt8], rows: Int) {
        let bytes = try self.checkedBytes(of: file, in: name)
        return try inOfflineStore { () throws(OfflineStoreError) in
            try EntityTable.redacted(bytes, file: file.name) { ids.contains(column: $0, $1) }
        }
    }
}

extension SavedDataset.File {
    /// The same file with other bytes.
    fileprivate func with(_ bytes: [UInt8]) -> SavedDataset.File {
        SavedDataset.File(
            name: self.name,
            size: bytes.count,
            sha256: ContentHash.text(of: bytes)
        )
    }
}
