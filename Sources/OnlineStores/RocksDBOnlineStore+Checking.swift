import NativeStorage
import Synchronization

extension RocksDBOnlineStore {
    /// What a look at every row found.
    package struct Check: Sendable {
        /// Whole rows of views.
        package fileprivate(set) var rows = 0
        /// Keys or rows that are not what was written.
        package fileprivate(set) var damaged = 0
        /// What is wrong with the first of them; without keys and values.
        package fileprivate(set) var firstProblem: OnlineStoreError?
    }

    /// What a row of one generation must be.
    private struct Rules {
        let keys: EntityKeyEncoder
        let layouts: [RowLayout]

        init(_ view: StoredView) throws(OnlineStoreError) {
            self.keys = try EntityKeyEncoder(joinKeys: view.joinKeys, viewID: view.viewID)
            self.layouts = view.schemas.map { RowLayout(schema: $0) }
        }

        func check(_ key: Span<UInt8>, _ row: Span<UInt8>) throws(OnlineStoreError) {
            _ = try self.keys.decode(key)
            let header = try RowHeader(validating: row)
            guard let layout = self.layouts.first(where: { $0.schema.id == header.schemaID })
            else { throw corruptRow("nobody knows its schema \(header.schemaID)") }
            try layout.validateOffsets(row)
        }
    }

    /// Reads every row of every view: its key, checksum, schema and length.
    ///
    /// The rows are those of the moment of the call. Rows of generations that are being deleted
    /// are not looked at.
    ///
    /// - Throws: ``OnlineStoreError`` when the files themselves fail or are damaged.
    /// - Complexity: Reads the whole store.
    package func checkRows() throws(OnlineStoreError) -> Check {
        var rules: [UInt32: Rules] = [:]
        let (views, garbage) = self.state.withLock { state in
            (Array(state.views.values), Set(state.garbage.map(\.viewID)))
        }
        for view in views {
            rules[view.viewID] = try Rules(view)
        }
        var check = Check()
        try self.database.scanRows { key, row in
            guard let id = viewID(ofKey: key), !garbage.contains(id) else { return true }
            do throws(OnlineStoreError) {
                guard let rules = rules[id] else {
                    throw OnlineStoreError(.corruptKey, "a key belongs to no view that there is")
                }
                try rules.check(key, row)
                check.rows += 1
            } catch {
                check.damaged += 1
                check.firstProblem = check.firstProblem ?? error
            }
            return true
        }
        return check
    }

    /// Makes a store of its own of the state as it is now, in files that both share.
    ///
    /// Every push and every load is in it as a whole or not at all.
    ///
    /// - Parameter path: Where it goes: no folder yet, on the file system of the store.
    /// - Throws: ``OnlineStoreError`` when it cannot be written; nothing is left then.
    package func checkpoint(to path: String) throws(OnlineStoreError) {
        try self.database.checkpoint(to: path)
    }

    /// Writes what is in memory into files, so that a checkpoint right afterwards takes a moment.
    package func flush() throws(OnlineStoreError) {
        try self.database.flush()
    }
}
