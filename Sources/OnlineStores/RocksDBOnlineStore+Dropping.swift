import NativeStorage
import Synchronization

extension RocksDBOnlineStore {
    private static let garbageBatchCount = 1000

    /// Drops the views whose names `isDropped` picks, all at once; their rows are deleted then.
    ///
    /// Loads of them that are under way fail at their commit.
    ///
    /// - Returns: The names of the dropped views, ascending.
    /// - Throws: ``OnlineStoreError``. When nothing could be written, nothing is dropped. When only
    ///   the deletion of the rows failed, nobody sees them any more, and a later commit or opening
    ///   deletes them.
    @discardableResult
    package func dropViews(
        where isDropped: (String) -> Bool
    ) throws(OnlineStoreError) -> [String] {
        // Nothing to drop is the rule, and must not wait for a commit.
        let isNeeded = self.state.withLock { state in
            state.views.keys.contains(where: isDropped)
                || state.pending.keys.contains(where: isDropped)
        }
        guard isNeeded else { return [] }
        try self.recover()
        let dropped = try self.commits.withLock { _ throws(OnlineStoreError) -> [String] in
            var next = self.state.withLock { $0 }
            let pendingNames = next.pending.keys.filter(isDropped)
            let names = next.views.keys.filter(isDropped)
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for name in names {
                next.setView(nil, named: name)
            }
            if !names.isEmpty {
                try self.writeCatalogue(next.catalogue)
            }
            self.state.withLock { state in
                for name in names {
                    state.setView(nil, named: name)
                }
                for name in pendingNames {
                    state.pending[name] = nil
                }
            }
            self.bumpVersion()
            return names
        }
        try self.collectGarbage()
        return dropped
    }

    /// Deletes the rows of generations that nobody reads any more.
    ///
    /// Called after every change that leaves some behind, and by the opening; a long-lived process
    /// may call it when its readers have let go of old ``StoredView``s. Returns at once when there
    /// is nothing to do, or when another thread is at it.
    ///
    /// - Complexity: O(rows of all views) when there is garbage.
    package func collectGarbage() throws(OnlineStoreError) {
        let viewIDs = self.state.withLock { state -> Set<UInt32> in
            guard !state.isCollecting else { return [] }
            let unread = state.garbage.filter { $0.lease == nil }.map(\.viewID)
            state.isCollecting = !unread.isEmpty
            return Set(unread)
        }
        guard !viewIDs.isEmpty else { return }
        defer { self.state.withLock { $0.isCollecting = false } }

        self.cache?.remove(views: viewIDs)
        try self.deleteRows(of: viewIDs)
        try self.commits.withLock { _ throws(OnlineStoreError) in
            var next = self.state.withLock { $0 }
            next.garbage.removeAll { viewIDs.contains($0.viewID) }
            try self.writeCatalogue(next.catalogue)
            self.state.withLock { state in
                state.garbage.removeAll { viewIDs.contains($0.viewID) }
            }
        }
    }

    /// Deletes in small batches: each takes little memory and delays others little.
    ///
    /// A crash in between is mended by the next opening, which finds the ids still listed.
    private func deleteRows(of viewIDs: Set<UInt32>) throws(OnlineStoreError) {
        var keys = KeyBatch()
        var failure: OnlineStoreError?
        try self.database.scanRows { key, _ in
            guard let id = viewID(ofKey: key), viewIDs.contains(id) else { return true }
            append(key, to: &keys.bytes)
            keys.endKey()
            guard keys.count >= Self.garbageBatchCount else { return true }
            do throws(OnlineStoreError) {
                try self.delete(keys)
            } catch {
                failure = error
            }
            keys.removeAll()
            return failure == nil
        }
        if let failure {
            throw failure
        }
        try self.delete(keys)
    }

    private func delete(_ keys: KeyBatch) throws(OnlineStoreError) {
        guard keys.count > 0 else { return }
        var batch = WriteBatch()
        let bytes = keys.bytes
        for index in 0..<keys.count {
            batch.delete(key: bytes.span.extracting(keys.range(at: index)))
        }
        try self.database.write(batch, synced: false)
    }

    private func writeCatalogue(_ catalogue: Catalogue) throws(OnlineStoreError) {
        var batch = WriteBatch()
        let key = Catalogue.key
        let value = try catalogue.encoded()
        batch.put(key: key.span, value: value.span)
        try self.database.write(batch, synced: true)
    }
}
