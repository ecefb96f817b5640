import FeatureModel
import FoundationEssentials
import Synchronization

extension RocksDBOnlineStore {
    /// Begins a load of a view.
    ///
    /// When the stored view is compatible (see ``storedView(matching:)``) the load goes into its
    /// generation, with a new schema when the fields are others than before. Else it goes into a
    /// new generation, which takes the old one's place at the commit.
    ///
    /// Several loads may run at once, also of one view: each row is compared with what is there
    /// when its load is committed.
    ///
    /// - Throws: ``OnlineStoreError`` when the join keys cannot be keys.
    package func beginLoad(
        _ description: OnlineViewDescription
    ) throws(OnlineStoreError) -> OnlineLoad {
        _ = try EntityKeyEncoder(joinKeys: description.joinKeys, viewID: 0)
        let fields = description.fields.map { RowField(name: $0.name, type: $0.type) }
        let begun = self.state.withLock { $0.beginLoad(description, fields: fields) }
        return OnlineLoad(
            store: self,
            viewName: description.name,
            viewID: begun.viewID,
            schema: begun.schema,
            filePrefix: "\(self.loadDirectory)/load-\(begun.number)",
            memoryBudget: self.loadMemory
        )
    }

    /// Commits what `load` has collected; the contract is ``OnlineLoad/commit(_:)``.
    func commit(
        _ load: OnlineLoad,
        record: LoadRecord?,
        isSmall: Bool
    ) throws(OnlineStoreError) -> (written: Int, stale: Int) {
        let counts = try self.commits.withLock {
            _ throws(OnlineStoreError) -> (written: Int, stale: Int) in
            let target = try self.state.withLock { state throws(OnlineStoreError) in
                try state.commitTarget(of: load)
            }
            if target.addsSchema {
                // A row with a new schema must not be seen before the schema.
                self.bumpVersion()
            }

            let output = LoadOutput(
                database: self.database,
                filePrefix: load.filePrefix,
                memory: self.loadMemory,
                isSmall: isSmall
            )
            var winners = LoadWinners(
                database: self.database,
                comparesWithStore: !target.isNew,
                output: output
            )
            try load.merge(into: &winners)

            var view = target.view
            if var record {
                record.keysWritten = winners.written
                record.stale = winners.stale
                view.loadRecord = record
            }
            var next = self.state.withLock { $0 }
            guard record != nil || target.isNew || next.hasUnsavedSchema else {
                try winners.commit(catalogue: nil)
                return (winners.written, winners.stale)
            }
            next.setView(view, named: load.viewName)
            try winners.commit(catalogue: next.catalogue.encoded())
            self.state.withLock { state in
                state.setView(view, named: load.viewName)
                state.hasUnsavedSchema = false
            }
            self.bumpVersion()
            return (winners.written, winners.stale)
        }
        // The load is done: deleting what it replaced may as well be done later.
        try? self.collectGarbage()
        return counts
    }

    /// Forgets what is kept in memory for a load.
    func endLoad(viewName: String, viewID: UInt32) {
        self.state.withLock { $0.endLoad(viewName: viewName, viewID: viewID) }
    }

    /// Removes a load's files; what cannot be removed now is removed at the next opening.
    func removeFiles(prefix: String) {
        let names = try? FileManager.default.contentsOfDirectory(atPath: self.loadDirectory)
        for name in names ?? [] {
            let path = "\(self.loadDirectory)/\(name)"
            if path.hasPrefix(prefix + "-") {
                self.removeFile(path)
            }
        }
    }

    /// Removes one file, if it is there.
    func removeFile(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}

extension StoreState {
    /// Finds or makes the generation and the schema that a load goes into.
    fileprivate mutating func beginLoad(
        _ description: OnlineViewDescription,
        fields: [RowField]
    ) -> (viewID: UInt32, schema: RowSchema, number: Int) {
        self.loadsBegun += 1
        let name = description.name
        if var known = self.pending[name]?.view ?? self.views[name],
            known.isCompatible(with: description),
            let schema = known.addSchema(fields: fields)
        {
            let loads = self.pending[name]?.loads ?? 0
            self.pending[name] = Pending(view: known, loads: loads + 1)
            return (known.viewID, schema, self.loadsBegun)
        }
        var view = StoredView(description, viewID: self.nextViewID)
        let schema = RowSchema(id: 1, fields: fields)
        _ = view.addSchema(schema)
        // Four thousand million generations do not come to an end.
        self.nextViewID &+= 1
        self.pending[name] = Pending(view: view, loads: 1)
        return (view.viewID, schema, self.loadsBegun)
    }

    fileprivate mutating func endLoad(viewName: String, viewID: UInt32) {
        guard var pending = self.pending[viewName], pending.view.viewID == viewID else { return }
        pending.loads -= 1
        self.pending[viewName] = pending.loads > 0 ? pending : nil
    }

    /// The view as it will be after the load, without its record.
    ///
    /// A committed generation gets the load's schema at once: readers must know a schema before
    /// they meet a row of it.
    fileprivate mutating func commitTarget(
        of load: OnlineLoad
    ) throws(OnlineStoreError) -> (view: StoredView, isNew: Bool, addsSchema: Bool) {
        let current = self.views[load.viewName]
        let isNew = current?.viewID != load.viewID
        let base = isNew ? self.pending[load.viewName]?.view : current
        guard var view = base, view.viewID == load.viewID,
            view.addSchema(load.rowLayout.schema)
        else {
            throw OnlineStoreError(
                .superseded,
                "feature view \"\(load.viewName)\" was dropped or redefined while it was being "
                    + "loaded; nothing was written; load it again"
            )
        }
        let addsSchema = view.schemas.count > (current?.schemas.count ?? 0)
        if !isNew, addsSchema {
            self.views[load.viewName] = view
            self.hasUnsavedSchema = true
        }
        return (view, isNew, addsSchema)
    }
}
