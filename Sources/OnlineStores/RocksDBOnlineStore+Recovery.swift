import Synchronization

extension RocksDBOnlineStore {
    /// Makes a store that has failed to write take writes again, when its disk does.
    ///
    /// Returns at once when there is nothing to do. The write that failed may turn out to be there,
    /// as a whole: what is kept in memory goes by the files then.
    ///
    /// - Throws: ``OnlineStoreError``: `unavailable` while the disk takes no writes. Reads go on.
    package func recover() throws(OnlineStoreError) {
        guard self.database.hasFailed else { return }
        try self.commits.withLock { _ throws(OnlineStoreError) in
            guard self.database.hasFailed else { return }
            let changes = self.state.withLock { state in
                state.views.values.map { ChangedRows.view($0.viewID) }
            }
            for change in changes { self.cache?.beginWrite(change) }
            defer {
                for change in changes { self.cache?.endWrite(change) }
            }
            try self.database.reopen()
            let project = self.state.withLock { $0.project }
            let catalogue = try Catalogue(
                bytes: self.database.value(forKey: Catalogue.key),
                project: project
            )
            self.state.withLock { $0.adopt(catalogue) }
            self.bumpVersion()
        }
    }
}

extension StoreState {
    /// Goes by what the files say of the views; a schema that only memory knows stays.
    fileprivate mutating func adopt(_ catalogue: Catalogue) {
        let stored = Set(catalogue.views.map(\.name))
        for name in self.views.keys where !stored.contains(name) {
            self.setView(nil, named: name)
        }
        for var view in catalogue.views {
            if var known = self.views[view.name], known.viewID == view.viewID {
                for schema in view.schemas { _ = known.addSchema(schema) }
                known.loadRecord = view.loadRecord
                view = known
            }
            self.setView(view, named: view.name)
        }
        self.nextViewID = max(self.nextViewID, catalogue.nextViewID)
    }
}
