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
        try self.withPushLog { (log) throws(FeatureStoreError) in
            try self.waitingRows.take(from: log)
            // Which views the rows are for may not be known yet.
            guard definitions.version > 0 else { return }
            try self.finishPending(in: log, store: store, definitions: definitions)
            try self.writeWaitingRows(
                in: log,
                dueBy: self.now(),
                into: store,
                definitions: definitions
            )
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
            return PushResult(push, target: target, views: [], stale: [], future: 0)
        }
        let check = PushCheck(plan, rows: rows)
        let waiting = [false, true].map { isByCreated in
            Set(push.waiting.filter { $0.isByCreated == isByCreated }.map(\.number))
        }
        let stale = try store.write(
            check.good,
            of: rows,
            plan: plan,
            pushedAt: push.pushedAt,
            where: { row, view in
                !waiting[view.isByCreated ? 1 : 0].contains(push.rows[row.row].number)
            }
        )
        let moment = PushMoment(now: push.pushedAt, pushedAt: push.pushedAt, clock: push.pushedAt)
        return PushResult(
            push,
            target: target,
            views: plan.views.map(\.name),
            stale: Set(stale.map { push.rows[$0].number }),
            future: moment.futureCount(check.good, plan: plan)
        )
    }
}

extension PushResult {
    /// The result of a push that was completed later.
    fileprivate init(
        _ push: PushLog.Pending,
        target: PushTarget,
        views: [String],
        stale: Set<Int>,
        future: Int
    ) {
        self.init(target: target, views: views, ignoredColumns: [], pushedAt: push.pushedAt)
        self.sequence = push.sequence
        self.future = future
        self.rejected = push.rejects.count
        for row in push.rows {
            let isStale = stale.contains(row.number)
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
