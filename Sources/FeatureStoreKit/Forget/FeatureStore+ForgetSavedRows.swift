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
    ///   - folder: The folder of the sets.
    ///   - left: What is left of the pushed rows that they were made from.
    ///   - receipt: Gets the sets that had such rows; says the time, and whether rows are only
    ///     counted.
    /// - Throws: ``FeatureStoreError``; `corruptData` when a set cannot be read, so that nobody
    ///   knows what is in it.
    func forgetSavedRows(
        _ ids: ForgottenIDs,
        in folder: SavedDatasetFolder,
        inputs left: PushedInputs.Left = PushedInputs.Left(),
        into receipt: inout ForgetReceipt
    ) throws(FeatureStoreError) {
        if !receipt.isDryRun { folder.removeLeftovers() }
        for name in try folder.names() {
            let dataset = try folder.manifest(of: name)
            let set = try folder.redacted(dataset.trainingSet, of: name, ids)
            let entityRows = try folder.redacted(dataset.entityRows.file, of: name, ids)
            let inputs = left.inputs(of: dataset)
            let rows = set.rows + entityRows.rows
            guard rows > 0 || inputs != dataset.inputs else { continue }
            if rows > 0 {
                receipt.savedDatasets.append(ForgetReceipt.Count(name: name, rows: rows))
            }
            guard !receipt.isDryRun else { continue }
            var changed = dataset
            changed.inputs = inputs
            changed.rows -= set.rows
            changed.trainingSet = changed.trainingSet.with(set.bytes)
            changed.entityRows.file = changed.entityRows.file.with(entityRows.bytes)
            var notes = changed.forgotten ?? []
            notes.append(.init(time: receipt.time, rows: set.rows, entityRows: entityRows.rows))
            changed.forgotten = notes
            try folder.writing(name, replacing: true) { (path) throws(FeatureStoreError) in
                try changed.write(to: path, set: set.bytes, entityRows: entityRows.bytes)
            }
        }
    }
}

extension SavedDatasetFolder {
    /// A file of a set without the rows of some entities, and how many they are.
    fileprivate func redacted(
        _ file: SavedDataset.File,
        of name: String,
        _ ids: ForgottenIDs
    ) throws(FeatureStoreError) -> (bytes: [UInt8], rows: Int) {
        let bytes = try self.checkedBytes(of: file, in: name)
        return try inOfflineStore { () throws(OfflineStoreError) in
            try EntityTable.redacted(bytes, file: file.name) {
                ids.limit(column: $0, $1) != nil
            }
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
