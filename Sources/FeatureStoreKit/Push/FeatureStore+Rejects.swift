public import FeatureModel
import OfflineStores

/// A pushed row that could not be used, as it is kept.
public struct RejectedRow: Codable, Hashable, Sendable {
    /// The push.
    public let sequence: Int64
    /// The push source, or the feature view that was written to.
    public let source: String
    /// The row's number in the push, from 0.
    public let row: Int
    /// The column that is to blame, if there is one.
    public let column: String?
    /// What is wrong.
    public let reason: String
    /// The row as it came, as a JSON object.
    public let cells: String
    /// When it was pushed.
    public let rejectedAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case sequence, source, row, column, reason, cells
        case rejectedAt = "rejected_at"
    }
}

extension FeatureStore {
    /// The rejected rows that are kept, those of the newest push first.
    ///
    /// - Parameters:
    ///   - source: The push source or feature view; `nil` for all.
    ///   - limit: How many at most.
    /// - Returns: The rows.
    /// - Throws: ``FeatureStoreError`` when the push log cannot be read.
    public func rejects(
        of source: String? = nil,
        limit: Int = 1000
    ) throws(FeatureStoreError) -> [RejectedRow] {
        // A log that nobody made yet is not made by asking for it.
        guard fileExists(self.paths.pushLog) else { return [] }
        return try self.withPushLog { (log) throws(FeatureStoreError) in
            try inOfflineStore { () throws(OfflineStoreError) in
                try log.rejects(of: source, limit: max(limit, 0))
            }.map { reject in
                RejectedRow(
                    sequence: reject.sequence,
                    source: reject.source,
                    row: reject.row,
                    column: reject.column,
                    reason: reject.reason,
                    cells: reject.cells,
                    rejectedAt: reject.rejectedAt
                )
            }
        }
    }

    /// Forgets rejected rows.
    ///
    /// - Parameter source: The push source or feature view; `nil` for all.
    /// - Returns: How many there were.
    /// - Throws: ``FeatureStoreError`` when the push log cannot be written.
    @discardableResult
    public func clearRejects(of source: String? = nil) throws(FeatureStoreError) -> Int {
        try self.checkWritable("rejected rows cannot be forgotten")
        guard fileExists(self.paths.pushLog) else { return 0 }
        return try self.withPushLog { (log) throws(FeatureStoreError) in
            try inOfflineStore { () throws(OfflineStoreError) in
                try log.clearRejects(of: source)
            }
        }
    }

    /// What was pushed; `nil` when nothing was that had to be remembered.
    func pushStatus() throws(FeatureStoreError) -> ProjectStatus.Pushes? {
        guard fileExists(self.paths.pushLog) else { return nil }
        return try self.withPushLog { (log) throws(FeatureStoreError) in
            let summary = try inOfflineStore { () throws(OfflineStoreError) in
                try log.summary()
            }
            return ProjectStatus.Pushes(
                count: summary.pushes,
                lastPush: summary.lastPush,
                pending: summary.pending,
                rejects: summary.rejects,
                waiting: summary.waiting
            )
        }
    }
}
