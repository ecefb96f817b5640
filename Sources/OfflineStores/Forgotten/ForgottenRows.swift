import FeatureCompute
import FeatureModel

/// Passes over the rows of a scan that belong to forgotten entities.
///
/// A row counts when its event time is after the forgetting; in a static table, which has none, its
/// created time, or that of its push. Of each key a scan delivers the newest rows at least, and
/// what is older than one that does not count does not count either, so it makes no difference
/// which rows of a key were left out before.
struct ForgottenRows: Sendable {
    private let tombstones: Tombstones
    private let names: [[UInt8]]
    private let isStatic: Bool
    /// For a scan with a key filter: by key, until when its rows do not count; `Int64.min` for a
    /// key that was not forgotten.
    private let limits: [Int64]?

    /// - Returns: `nil` when nothing of the scan was forgotten.
    init?(_ tombstones: Tombstones, _ scan: SourceScan) {
        guard !tombstones.isEmpty, !scan.joinKeys.isEmpty else { return nil }
        self.tombstones = tombstones
        self.names = scan.joinKeys.map { Array($0.name.utf8) }
        self.isStatic = scan.source.isStatic
        guard let filter = scan.keyFilter else {
            self.limits = nil
            return
        }
        let types = scan.joinKeys.map(\.type)
        var limits: [Int64] = []
        limits.reserveCapacity(filter.keys.count)
        for key in 0..<filter.keys.count {
            var limit = Int64.min
            let parts = SQLiteKeyPart.parts(ofID: key, in: filter.keys, types: types)
            for (name, part) in zip(self.names, parts) {
                var id: [UInt8] = []
                switch part {
                case .integer(let value): Tombstones.append(id: value, to: &id)
                case .text(let bytes): id = bytes
                }
                limit = max(limit, tombstones.time(ofJoinKey: name, id: id) ?? .min)
            }
            limits.append(limit)
        }
        guard limits.contains(where: { $0 > .min }) else { return nil }
        self.limits = limits
        // Rows that do not count are no reason for a gap.
        if !self.isStatic { filter.forgottenUntil = limits }
    }

    /// The rows that count; `nil` when none does.
    func kept(of batch: SourceBatch) -> SourceBatch? {
        var kept: [Int32] = []
        kept.reserveCapacity(batch.rowCount)
        var id: [UInt8] = []
        for row in 0..<batch.rowCount {
            let limit = self.limit(of: row, in: batch, &id)
            if self.time(of: row, in: batch) > limit { kept.append(Int32(row)) }
        }
        if kept.count == batch.rowCount { return batch }
        return kept.isEmpty ? nil : batch.gathered(kept)
    }

    /// When a row became true: what is earlier than all forgetting for a row that does not say.
    private func time(of row: Int, in batch: SourceBatch) -> Int64 {
        // Greater than the limit of a key that was not forgotten.
        let time = self.isStatic ? batch.created?[row] ?? .min : batch.times[row]
        return max(time, .min + 1)
    }

    private func limit(of row: Int, in batch: SourceBatch, _ id: inout [UInt8]) -> Int64 {
        if let limits = self.limits { return limits[Int(batch.keyIDs[row])] }
        var limit = Int64.min
        for (name, column) in zip(self.names, batch.keyColumns) {
            id.removeAll(keepingCapacity: true)
            Tombstones.append(id: column, at: row, to: &id)
            limit = max(limit, self.tombstones.time(ofJoinKey: name, id: id) ?? .min)
        }
        return limit
    }
}

extension SourceBatch {
    /// Some of the rows, in this order.
    fileprivate func gathered(_ rows: [Int32]) -> SourceBatch {
        func pick<Value>(_ values: [Value]) -> [Value] {
            values.isEmpty ? [] : rows.map { values[Int($0)] }
        }
        let batch = SourceBatch(
            rowCount: rows.count,
            keyIDs: pick(self.keyIDs),
            slots: pick(self.slots),
            keyColumns: self.keyColumns.map { $0.gathered(rows) },
            times: pick(self.times),
            created: self.created.map(pick),
            ordinals: self.ordinals.map(pick),
            features: self.features.map { $0.gathered(rows) }
        )
        return self.isUnusable ? batch.unusable : batch
    }
}
