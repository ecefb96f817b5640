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
        let journal = PushJournal()
        let target = try self.beginWriting(description, journal: journal)
        return OnlineLoad(
            store: self,
            target: target,
            journal: journal,
            filePrefix: "\(self.loadDirectory)/load-\(target.number)",
            memoryBudget: self.loadMemory
        )
    }

    /// Finds or makes the generation and the schema that a load or a push goes into.
    func beginWriting(
        _ description: OnlineViewDescription,
        journal: PushJournal?
    ) throws(OnlineStoreError) -> WriteTarget {
        _ = try EntityKeyEncoder(joinKeys: description.joinKeys, viewID: 0)
        try self.recover()
        let fields = description.fields.map { RowField(name: $0.name, type: $0.type) }
        return self.state.withLock {
            $0.beginWriting(description, fields: fields, journal: journal)
        }
    }

    /// Forgets what is kept in memory for a load or a push.
    func endWriting(_ target: WriteTarget) {
        self.state.withLock { $0.endWriting(target) }
    }

    /// Commits what `load` has collected; the contract is ``OnlineLoad/commit(_:)``.
    ///
    /// The long part, comparing the load's rows with the store's and writing them into files, does
    /// not hold up pushes. What they write meanwhile is compared at the end.
    func commit(
        _ load: OnlineLoad,
        record: LoadRecord,
        isSmall: Bool
    ) throws(OnlineStoreError) -> LoadRecord {
        let result = try self.merges.withLock { _ throws(OnlineStoreError) -> LoadRecord in
            let isNew = try self.commits.withLock { _ throws(OnlineStoreError) in
                let target = try self.commitTarget(of: load.target)
                load.journal.beginMerge()
                return target.isNew
            }
            let merge = load.merge
            var output = try merge.output(
                to: self.database,
                journal: load.journal,
                comparesWithStore: !isNew,
                withdrawn: load.withdrawn,
                filePrefix: load.filePrefix,
                isSmall: isSmall
            )
            load.whenMerged?()
            var pushed = PushedMeanwhile(journal: load.journal, merge: merge)
            try pushed.lookUpRecentKeys()
            return try self.commits.withLock { _ throws(OnlineStoreError) -> LoadRecord in
                let target = try self.commitTarget(of: load.target)
                var view = target.view
                let kept = try pushed.keptRows(in: self.database)
                var record = record
                record.keysWritten = output.written
                record.stale = output.stale
                // A load of everything would give the key back what this one has passed over.
                if output.hasYielded || pushed.hasYielded { record.sourceState = "" }
                let removed = output.rowlessKeys.filter { !load.journal.contains($0.span) }
                load.removedKeys = removed.count
                view.loadRecord = record
                var next = self.state.withLock { $0 }
                next.setView(view, named: load.viewName)
                // Nobody has read a generation that is not committed yet; one that was new at first
                // may have been by a push meanwhile.
                let changes: ChangedRows =
                    target.isNew ? .nothing : output.changes(ofView: view.viewID)
                self.cache?.beginWrite(changes)
                defer { self.cache?.endWrite(changes) }
                try output.commit(
                    catalogue: next.catalogue.encoded(),
                    kept: kept,
                    removed: removed
                )
                self.state.withLock { state in
                    state.setView(view, named: load.viewName)
                    state.hasUnsavedSchema = false
                }
                self.bumpVersion()
                return record
            }
        }
        // The load is done: deleting what it replaced may as well be done later.
        try? self.collectGarbage()
        return result
    }

    /// The view as it will be after the write; readers know its schema from now on.
    func commitTarget(
        of target: WriteTarget
    ) throws(OnlineStoreError) -> (view: StoredView, isNew: Bool) {
        let found = try self.state.withLock { state throws(OnlineStoreError) in
            try state.commitTarget(of: target)
        }
        if found.addsSchema {
            // A row with a new schema must not be seen before the schema.
            self.bumpVersion()
        }
        return (found.view, found.isNew)
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
    /// Finds or makes the generation and the schema that a load or a push goes into.
    fileprivate mutating func beginWriting(
        _ description: OnlineViewDescription,
        fields: [RowField],
        journal: PushJournal?
    ) -> WriteTarget {
        self.writersBegun += 1
        let number = self.writersBegun
        let name = description.name
        func target(_ view: StoredView, _ schema: RowSchema) -> WriteTarget {
            WriteTarget(viewName: name, viewID: view.viewID, schema: schema, number: number)
        }
        if var known = self.pending[name]?.view ?? self.views[name],
            known.isCompatible(with: description),
            let schema = known.addSchema(fields: fields)
        {
            let writers = self.pending[name]?.writers ?? 0
            self.pending[name] = Pending(view: known, writers: writers + 1)
            self.journals[number] = journal.map { (known.viewID, $0) }
            return target(known, schema)
        }
        var view = StoredView(description, viewID: self.nextViewID)
        let schema = RowSchema(id: 1, fields: fields)
        _ = view.addSchema(schema)
        // Four thousand million generations do not come to an end.
        self.nextViewID &+= 1
        self.pending[name] = Pending(view: view, writers: 1)
        self.journals[number] = journal.map { (view.viewID, $0) }
        return target(view, schema)
    }

    fileprivate mutating func endWriting(_ target: WriteTarget) {
        self.journals[target.number] = nil
        guard var pending = self.pending[target.viewName], pending.view.viewID == target.viewID
        else { return }
        pending.writers -= 1
        self.pending[target.viewName] = pending.writers > 0 ? pending : nil
    }

    /// The view as it will be after the write.
    ///
    /// A committed generation gets the writer's schema at once: readers must know a schema before
    /// they meet a row of it.
    fileprivate mutating func commitTarget(
        of target: WriteTarget
    ) throws(OnlineStoreError) -> (view: StoredView, isNew: Bool, addsSchema: Bool) {
        let current = self.views[target.viewName]
        let isNew = current?.viewID != target.viewID
        let base = isNew ? self.pending[target.viewName]?.view : current
        guard var view = base, view.viewID == target.viewID,
            view.addSchema(target.schema)
        else {
            throw OnlineStoreError(
                .superseded,
                "feature view \"\(target.viewName)\" was dropped or redefined while it was being "
                    + "written; nothing was written; do it again"
            )
        }
        let addsSchema = view.schemas.count > (current?.schemas.count ?? 0)
        if !isNew, addsSchema {
            self.views[target.viewName] = view
            self.hasUnsavedSchema = true
        }
        return (view, isNew, addsSchema)
    }
}
