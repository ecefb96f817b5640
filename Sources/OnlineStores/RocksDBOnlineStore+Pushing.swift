package import FeatureModel
import NativeStorage
import Synchronization

extension RocksDBOnlineStore {
    /// Begins a push to a view, into the generation and with the schema that a load would take.
    ///
    /// - Throws: ``OnlineStoreError`` when the join keys cannot be keys.
    package func beginPush(
        _ description: OnlineViewDescription
    ) throws(OnlineStoreError) -> OnlinePush {
        OnlinePush(store: self, target: try self.beginWriting(description, journal: nil))
    }

    /// A time for a push: `now`, or as little later as makes it later than every other one, also
    /// than those from before the store was opened.
    package func pushTime(now: Timestamp, after known: Timestamp? = nil) -> Timestamp {
        self.lastPushTime.withLock { last in
            last = max(now.microseconds, last &+ 1, (known?.microseconds ?? .min) &+ 1)
            return Timestamp(microseconds: last)
        }
    }

    /// Writes the rows of pushes that are newer than what is there, durably and all at once.
    ///
    /// A row replaces the stored one when its (event time, write time) is greater, or when it is
    /// equal and the bytes differ. Of several rows of a key in one push the newest counts, and of
    /// equally old ones the last. A view that has no rows yet gets its first generation, without a
    /// load record. A row that replaces one as old has the view's next load read its source whole:
    /// the row of before may be one that a load would know, and leave out.
    ///
    /// - Returns: For each push and each of its rows, in their order, what became of it.
    /// - Throws: ``OnlineStoreError``: `superseded` when a view was dropped or redefined since its
    ///   push began. Nothing was written then.
    package func write(_ pushes: [OnlinePush]) throws(OnlineStoreError) -> [[PushOutcome]] {
        let outcomes = try self.commits.withLock { _ throws(OnlineStoreError) in
            try self.writeLocked(pushes)
        }
        // What a new generation replaced may as well be deleted later.
        if outcomes.replacesGeneration {
            try? self.collectGarbage()
        }
        return outcomes.rows
    }

    private func writeLocked(
        _ pushes: [OnlinePush]
    ) throws(OnlineStoreError) -> (rows: [[PushOutcome]], replacesGeneration: Bool) {
        var newViews: [StoredView] = []
        for push in pushes {
            let target = try self.commitTarget(of: push.target)
            if target.isNew {
                newViews.append(target.view)
            }
        }
        var batch = WriteBatch()
        var outcomes: [[PushOutcome]] = []
        var written: [(viewID: UInt32, keys: [[UInt8]])] = []
        var newestEvents: [UInt32: Int64] = [:]
        var changed: Set<String> = []
        for push in pushes {
            let decided = try self.decide(push, into: &batch)
            outcomes.append(decided.outcomes)
            written.append((push.viewID, decided.written))
            if let newest = decided.newestEvent {
                newestEvents[push.viewID] = max(newest, newestEvents[push.viewID] ?? newest)
            }
            if decided.replacesAsOld { changed.insert(push.viewName) }
        }
        var next = self.state.withLock { $0 }
        var views = newViews
        for view in newViews {
            next.setView(view, named: view.name)
        }
        for name in changed {
            guard var view = next.views[name], view.loadRecord?.sourceState.isEmpty == false
            else { continue }
            view.loadRecord?.sourceState = ""
            next.setView(view, named: name)
            views.append(view)
        }
        let isCatalogueNeeded = !views.isEmpty || next.hasUnsavedSchema
        if isCatalogueNeeded {
            let key = Catalogue.key
            let value = try next.catalogue.encoded()
            batch.put(key: key.span, value: value.span)
        }
        guard batch.count > 0 else { return (outcomes, false) }
        self.putLastPushTime(into: &batch)
        newestEvents.merge(next.newestPushedEvents, uniquingKeysWith: max)
        if newestEvents != next.newestPushedEvents {
            batch.put(key: NewestEvents.key.span, value: NewestEvents.bytes(of: newestEvents).span)
        }
        let journals = next.journals.values
        for (viewID, keys) in written {
            for entry in journals where entry.viewID == viewID {
                entry.journal.add(keys)
            }
        }
        let changes = ChangedRows.keys(KeyBatch(written.flatMap(\.keys)))
        self.cache?.beginWrite(changes)
        defer { self.cache?.endWrite(changes) }
        try self.database.write(batch, synced: true)
        self.state.withLock { $0.newestPushedEvents = newestEvents }
        if isCatalogueNeeded {
            self.state.withLock { state in
                for view in views {
                    state.setView(view, named: view.name)
                }
                state.hasUnsavedSchema = false
            }
            self.bumpVersion()
        }
        return (outcomes, !newViews.isEmpty)
    }

    /// Compares the rows of one push with each other and with the store.
    private func decide(
        _ push: OnlinePush,
        into batch: inout WriteBatch
    ) throws(OnlineStoreError) -> (
        outcomes: [PushOutcome], written: [[UInt8]], newestEvent: Int64?, replacesAsOld: Bool
    ) {
        let keyBytes = push.keys.bytes
        let rowBytes = push.rows
        // By key: the index of the newest row, or -1 for the stored one.
        var newest: [[UInt8]: Int] = [:]
        newest.reserveCapacity(push.count)
        for index in 0..<push.count {
            let key = Array(keyBytes[push.keys.range(at: index)])
            if let other = newest[key] {
                let order = compareAge(
                    rowBytes.span.extracting(push.rowRange(at: index)),
                    rowBytes.span.extracting(push.rowRange(at: other))
                )
                if order < 0 { continue }
            }
            newest[key] = index
        }
        var isStale = Array(repeating: false, count: push.count)
        var replaces = Array(repeating: false, count: push.count)
        var replacesAsOld = false
        try self.database.values(for: push.keys, sorted: false) { index, stored in
            let row = rowBytes.span.extracting(push.rowRange(at: index))
            let key = Array(keyBytes[push.keys.range(at: index)])
            let winner = newest[key] ?? index
            guard let stored else {
                replaces[index] = winner == index
                return
            }
            let order = compareAge(row, stored)
            isStale[index] = order < 0
            replaces[index] =
                winner == index && (order > 0 || order == 0 && compareBytes(row, stored) != 0)
            if replaces[index], order == 0 { replacesAsOld = true }
        }
        var outcomes: [PushOutcome] = []
        var written: [[UInt8]] = []
        var newestEvent: Int64?
        for index in 0..<push.count {
            let row = rowBytes.span.extracting(push.rowRange(at: index))
            let key = Array(keyBytes[push.keys.range(at: index)])
            let winner = newest[key] ?? index
            if replaces[index] {
                batch.put(key: key.span, value: row)
                written.append(key)
                let eventTime = try RowHeader(row).eventTime
                newestEvent = max(eventTime, newestEvent ?? eventTime)
            }
            let other = rowBytes.span.extracting(push.rowRange(at: winner))
            let isBeaten = winner != index && compareBytes(row, other) != 0
            outcomes.append(isStale[index] || isBeaten ? .stale : .accepted)
        }
        return (outcomes, written, newestEvent, replacesAsOld)
    }

    /// Keeps the last push time, so that it stays the last after the clock was set back.
    private func putLastPushTime(into batch: inout WriteBatch) {
        var value: [UInt8] = []
        value.append(littleEndian: self.lastPushTime.withLock { $0 })
        let key = Self.pushTimeKey
        batch.put(key: key.span, value: value.span)
    }

    /// The key under which the last push time lies.
    private static var pushTimeKey: [UInt8] { [Keyspace.metadata] + Array("pushed".utf8) }

    /// The last push time that the database knows.
    static func storedPushTime(_ database: StoreDatabase) throws(OnlineStoreError) -> Int64 {
        guard let bytes = try database.value(forKey: Self.pushTimeKey), bytes.count == 8 else {
            return .min
        }
        return bytes.span.littleEndian(at: 0, as: Int64.self)
    }
}
