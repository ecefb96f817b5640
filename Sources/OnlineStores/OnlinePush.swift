/// Some rows of one view that are to be written one by one, each by its age.
///
/// Used by one thread. Add rows, then hand it, alone or with pushes for other views, to
/// ``RocksDBOnlineStore/write(_:)``. Nothing is visible before.
package final class OnlinePush {
    /// The name of the view.
    package let viewName: String
    /// The generation that is written: what the keys must end with.
    package let viewID: UInt32
    /// Where the fields of the rows lie; make a ``RowEncoder`` from it.
    package let rowLayout: RowLayout

    let target: WriteTarget
    private let store: RocksDBOnlineStore
    private(set) var keys = KeyBatch()
    private(set) var rows: [UInt8] = []
    private var rowEnds: [Int] = []

    init(store: RocksDBOnlineStore, target: WriteTarget) {
        self.store = store
        self.target = target
        self.viewName = target.viewName
        self.viewID = target.viewID
        self.rowLayout = RowLayout(schema: target.schema)
    }

    deinit {
        self.store.endWriting(self.target)
    }

    /// How many rows were added.
    package var count: Int { self.rowEnds.count }

    /// Adds one row.
    ///
    /// - Parameters:
    ///   - key: A key of ``viewID``, made by ``EntityKeyEncoder``.
    ///   - row: A row of ``rowLayout``, made by ``RowEncoder``.
    /// - Throws: ``OnlineStoreError`` when key or row do not belong to this push; nothing is added
    ///   then.
    package func add(key: Span<UInt8>, row: Span<UInt8>) throws(OnlineStoreError) {
        guard key.count >= 5, key[0] == Keyspace.rows,
            key.bigEndian(at: key.count - 4, as: UInt32.self) == self.viewID
        else {
            throw OnlineStoreError(
                .invalidKey,
                "a key does not belong to this push to \"\(self.viewName)\""
            )
        }
        guard try RowHeader(row).schemaID == self.rowLayout.schema.id else {
            throw OnlineStoreError(
                .invalidRow,
                "a row does not belong to this push to \"\(self.viewName)\""
            )
        }
        self.keys.bytes.append(contentsOf: bytes(of: key))
        self.keys.endKey()
        self.rows.append(contentsOf: bytes(of: row))
        self.rowEnds.append(self.rows.count)
    }

    /// Where the row of that index lies in ``rows``.
    func rowRange(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : self.rowEnds[index - 1])..<self.rowEnds[index]
    }
}

/// What became of one pushed row of one view.
package enum PushOutcome: Hashable, Sendable {
    /// It is the row of its key now, or an equal one is.
    case accepted
    /// The key has a newer row, from before or from the same push.
    case stale
}

/// A copy of some bytes.
func bytes(of span: Span<UInt8>) -> [UInt8] {
    unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
}
