import OfflineStores

/// Where a training set is written, and in which form.
public enum TrainingSetDestination: Sendable {
    /// A file in the form that its ending names: `.csv`, `.jsonl`, or `.db`, `.sqlite`, `.sqlite3`
    /// with a table of that name. `-` is CSV on standard output.
    case path(String, table: String = "training_set")
    /// JSON Lines on standard output.
    case jsonLinesOnStandardOutput
}

extension TrainingSet {
    /// Writes the table.
    ///
    /// A file, or the table of a database, is replaced as a whole or not at all.
    ///
    /// - Throws: ``FeatureStoreError``: `invalidArgument` for an unknown ending, `unavailable` when
    ///   the file cannot be written.
    public func write(to destination: TrainingSetDestination) throws(FeatureStoreError) {
        let resolved = try destination.resolved()
        do {
            try TableWriter.write(self.table, to: resolved)
        } catch {
            throw FeatureStoreError(error)
        }
    }
}

extension TrainingSetDestination {
    /// What the writer is told.
    ///
    /// - Throws: `invalidArgument` for an ending that names no format.
    func resolved() throws(FeatureStoreError) -> TableDestination {
        switch self {
        case .jsonLinesOnStandardOutput:
            return .descriptor(1, format: .jsonLines)
        case .path(let path, let table):
            guard let destination = TableDestination(path: path, table: table) else {
                throw FeatureStoreError(
                    code: .invalidArgument,
                    message: "\(path): the ending names no format; use .csv, .jsonl, .db or .sqlite"
                )
            }
            return destination
        }
    }
}
