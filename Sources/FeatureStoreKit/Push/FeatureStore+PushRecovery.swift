import FeatureCompute
import FeatureModel
import OfflineStores
import OnlineStores

// A push to both stores is three steps: its rows go into the push log, in one transaction; then
// into the online store, in one write; then the log notes that it is done. History is the log
// itself. A process that ends between the first step and the last leaves a pending push, which the
// next opening of the online store, or the next push, completes: with its old time, so that writing
// it twice is writing it once.

extension FeatureStore {
    /// Completes the pushes that a process left half done.
    func recoverPushes(into store: RocksDBOnlineStore) throws(FeatureStoreError) {
        guard fileExists(self.paths.pushLog) else { return }
        let definitions = try self.snapshot()
        // Which views the rows are for is not known yet.
        guard definitions.version > 0 else { return }
        try self.withPushLog { (log) throws(FeatureStoreError) in
            try self.finishPending(in: log, store: store, definitions: definitions)
        }
    }

    /// Writes pending pushes into the online store, in their order.
    func finishPending(
        in log: PushLog,
        store: RocksDBOnlineStore,
        definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) {
        guard log.mayHavePending else { return }
        let pending = try inOfflineStore { () throws(OfflineStoreError) in try log.takePending() }
        for push in pending {
            let result = try self.finish(push, store: store, definitions: definitions)
            try inOfflineStore { () throws(OfflineStoreError) in
                try log.finish(push.sequence, result: result.json)
            }
        }
        log.noPendingLeft()
    }

    private func finish(
        _ push: PushLog.Pending,
        store: RocksDBOnlineStore,
        definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) -> PushResult {
        let rows = try PushRows(
            columns: push.columns.enumerated().map { index, name in
                PushRows.Column(
                    name: name,
                    cells: push.rows.map { $0.cells.count > index ? $0.cells[index] : .null }
                )
            }
        )
        let target = PushTarget(rawValue: push.target) ?? .onlineAndOffline
        let request = PushRequest(
            push.isView ? .view(push.source) : .source(push.source),
            rows: rows,
            to: target
        )
        // Only what the definitions in force still have a place for can be served.
        guard
            let plan = try? PushPlan(request, definitions: definitions, mustBeWhole: false)
        else {
            return PushResult(push, target: target, views: [], isStale: [:], future: 0)
        }
        let check = PushCheck(plan, rows: rows, now: self.now())
        let isStale = try store.write(check.good, of: rows, plan: plan, pushedAt: push.pushedAt)
        var staleNumbers: [Int: Bool] = [:]
        for (good, isStale) in zip(check.good, isStale) {
            staleNumbers[push.rows[good.row].number] = isStale
        }
        return PushResult(
            push,
            target: target,
            views: plan.views.map(\.name),
            isStale: staleNumbers,
            future: check.future
        )
    }
}

extension PushResult {
    /// The result of a push that was completed later.
    fileprivate init(
        _ push: PushLog.Pending,
        target: PushTarget,
        views: [String],
        isStale: [Int: Bool],
        future: Int
    ) {
        self.init(target: target, views: views, ignoredColumns: [], pushedAt: push.pushedAt)
        self.sequence = push.sequence
        self.future = future
        self.rejected = push.rejects.count
        for row in push.rows {
            let isStale = isStale[row.number] ?? false
            self.stale += isStale ? 1 : 0
            self.accepted += isStale ? 0 : 1
            self.results.append(Row(number: row.number, isStale: isStale))
        }
        for reject in push.rejects {
            self.results.append(Row(reject))
        }
        self.results.sort { $0.row < $1.row }
    }
}
