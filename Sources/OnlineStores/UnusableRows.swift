import NativeStorage

/// Rows of a source that say nothing, because a cell of theirs cannot be read: by key and age.
package struct UnusableRows: Sendable {
    var keys = KeyBatch()
    /// By key: how old the row would be.
    var ages: [RowAge] = []
}

extension LoadPartEncoder {
    /// The keys and ages of rows; their fields do not matter.
    ///
    /// - Throws: ``OnlineStoreError`` for a key of more than 4 GiB.
    package func unusable(_ rows: LoadRows) throws(OnlineStoreError) -> UnusableRows {
        let keys = try LoadKeys(rows, viewID: self.viewID)
        var result = UnusableRows()
        for row in 0..<rows.count {
            unsafe append(keys.key(at: UInt64(row)).span, to: &result.keys.bytes)
            result.keys.endKey()
            result.ages.append(rows.age(of: row))
        }
        return result
    }
}

extension OnlineLoad {
    /// Takes stored rows back that were loaded from rows of the source that say nothing now.
    ///
    /// A stored row that is as old as such a row of its key is that row, as it was read before: by
    /// a schema without the feature that cannot be read, or from a line that was not finished. The
    /// commit puts this load's newest row of the key in its place, or nothing when there is none;
    /// so the load must be of the whole source.
    ///
    /// - Throws: ``OnlineStoreError`` when the store cannot be read.
    package func withdraw(_ rows: UnusableRows) throws(OnlineStoreError) {
        try self.store.database.values(for: rows.keys, sorted: false) { index, stored in
            guard let stored, let header = try? RowHeader(validating: stored),
                RowAge(eventTime: header.eventTime, writeTime: header.writeTime)
                    == rows.ages[index]
            else { return }
            self.withdrawn.insert(Array(rows.keys.bytes[rows.keys.range(at: index)]))
        }
    }

    /// Whether a stored row was taken back.
    package var hasWithdrawn: Bool { !self.withdrawn.isEmpty }
}
