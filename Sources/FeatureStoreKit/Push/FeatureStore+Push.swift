import FeatureModel
import OfflineStores
import OnlineStores
import Synchronization

extension FeatureStore {
    /// Pushes rows to every feature view that names a push source or its batch source.
    ///
    /// The newest row of a key wins, by (event time, created time); a row without created time has
    /// the time of the push. A row that cannot be used is rejected, kept, and does not stop the
    /// others. The push is one for both stores: when the process ends in the middle of it, the next
    /// opening of the online store completes it.
    ///
    /// - Parameters:
    ///   - source: The push source's name.
    ///   - rows: The join keys, the event time, and all features of the views; more is ignored.
    ///   - target: Which stores get them.
    ///   - idempotencyKey: The same key again writes nothing and has the same result.
    /// - Returns: What became of each row. When the call returns, the rows are durable and
    ///   readable.
    /// - Throws: ``FeatureStoreError``: `pushSourceNotFound`; `invalidArgument` when columns are
    ///   missing; `conflict` when the key came with other rows, or another process has the store.
    @discardableResult
    public func push(
        _ source: String,
        rows: PushRows,
        to target: PushTarget = .online,
        idempotencyKey: String? = nil
    ) throws(FeatureStoreError) -> PushResult {
        try self.push(
            PushRequest(
                .source(source),
                rows: rows,
                to: target,
                idempotencyKey: idempotencyKey
            )
        )
    }

    /// Writes rows of one feature view into the online store, by the rules of a push.
    ///
    /// - Throws: ``FeatureStoreError``: `objectNotFound`, else as
    ///   ``push(_:rows:to:idempotencyKey:)`` does.
    @discardableResult
    public func writeToOnlineStore(
        view: String,
        rows: PushRows,
        idempotencyKey: String? = nil
    ) throws(FeatureStoreError) -> PushResult {
        try self.push(PushRequest(.view(view), rows: rows, idempotencyKey: idempotencyKey))
    }

    /// Pushes rows.
    @discardableResult
    public func push(_ request: PushRequest) throws(FeatureStoreError) -> PushResult {
        try self.checkWritable("rows cannot be pushed")
        let (action, names): (AuditAction, [String]) =
            switch request.destination {
            case .source(let name):
                (.push, self.namesForAudit([name]) { $0.hasPushSource($1) })
            case .view(let name): (.write, self.namesForAudit([name]) { $0.hasView($1) })
            }
        return try self.audited(action, names) { (details) throws(FeatureStoreError) in
            details.count("rows", request.rows.rowCount)
            let result = try self.write(request)
            details.count("accepted", result.accepted)
            details.count("stale", result.stale)
            details.count("rejected", result.rejected)
            return result
        }
    }

    private func write(_ request: PushRequest) throws(FeatureStoreError) -> PushResult {
        var request = request
        if case .view = request.destination { request.target = .online }
        try request.checkKey()
        let definitions = try self.appliedSnapshot()
        let plan = try PushPlan(request, definitions: definitions)
        // Opened first: opening takes up pushes that were left half done, in the same log; and a
        // forgetting in another process, which has the store open, waits for older leases.
        let store = request.target.includesOnline ? try self.online().store : nil
        let lease = try self.forgettingLease()
        defer { withExtendedLifetime(lease) {} }
        let check = PushCheck(plan, rows: request.rows, forgotten: lease.tombstones)
        let isRemembered =
            request.target.includesOffline || request.idempotencyKey != nil
            || !check.rejects.isEmpty
        if !isRemembered, let store,
            let result = try self.pushUnlogged(request, plan: plan, check: check, store: store)
        {
            self.activity.withLock { $0.add(result, to: request.name) }
            return result
        }
        let fingerprint = request.idempotencyKey == nil ? nil : request.fingerprint
        return try self.withPushLog { (log) throws(FeatureStoreError) in
            if let store {
                try self.finishPending(in: log, store: store, definitions: definitions)
            }
            if let key = request.idempotencyKey,
                let known = try inOfflineStore({ () throws(OfflineStoreError) in
                    try log.push(withKey: key)
                })
            {
                return try known.result(key: key, fingerprint: fingerprint ?? "")
            }
            // Rows that waited are older than this push: as old as its rows, they lose.
            let now = self.now()
            if let store {
                try self.writeWaitingRows(
                    in: log,
                    dueBy: now,
                    into: store,
                    definitions: definitions
                )
            }
            let result = try self.pushLogged(
                request,
                plan: plan,
                check: check,
                fingerprint: fingerprint,
                now: now,
                store: store,
                log: log
            )
            self.activity.withLock { $0.add(result, to: request.name) }
            return result
        }
    }

    /// One write to RocksDB, and nothing else.
    ///
    /// - Returns: `nil`, and nothing was written, when rows have to wait for their time: they must
    ///   be remembered.
    private func pushUnlogged(
        _ request: PushRequest,
        plan: PushPlan,
        check: PushCheck,
        store: RocksDBOnlineStore
    ) throws(FeatureStoreError) -> PushResult? {
        let now = self.now()
        try self.writeWaitingRows(dueBy: now, into: store)
        // Rows that wait by their own times leave the push time to the push that is remembered.
        var moment = PushMoment(now: now, pushedAt: now, clock: now)
        guard moment.waitingRows(check.good, plan: plan).isEmpty else { return nil }
        let pushedAt = store.pushTime(now: now)
        moment = PushMoment(now: now, pushedAt: pushedAt, clock: self.now())
        guard moment.waitingRows(check.good, plan: plan).isEmpty else { return nil }
        let stale = try store.write(
            check.good,
            of: request.rows,
            plan: plan,
            pushedAt: pushedAt,
            where: { _, _ in true }
        )
        var result = PushResult(request, plan: plan, check: check, stale: stale, pushedAt: pushedAt)
        result.future = moment.futureCount(check.good, plan: plan)
        return result
    }

    private func pushLogged(
        _ request: PushRequest,
        plan: PushPlan,
        check: PushCheck,
        fingerprint: String?,
        now: Timestamp,
        store: RocksDBOnlineStore?,
        log: PushLog
    ) throws(FeatureStoreError) -> PushResult {
        var result = PushResult(request, plan: plan, check: check, stale: [], pushedAt: now)
        var moment = PushMoment(now: now, pushedAt: now, clock: now)
        var waiting: [PushLog.WaitingRow] = []
        let isDone = store == nil
        let recorded = try inOfflineStore { () throws(OfflineStoreError) in
            try log.record(
                PushLog.Entry(
                    source: request.name,
                    isView: request.isView,
                    target: request.target.rawValue,
                    idempotencyKey: request.idempotencyKey,
                    contentHash: fingerprint,
                    columns: plan.stored.map(\.name),
                    rows: check.good.map { good in
                        (good.row, check.storedCells(of: good, in: request.rows, plan: plan))
                    },
                    rejects: check.rejects,
                    result: isDone
                        ? { sequence, pushedAt in
                            result.sequence = sequence
                            result.pushedAt = pushedAt
                            return result.json
                        } : nil,
                    waiting: { pushedAt in
                        moment = PushMoment(now: now, pushedAt: pushedAt, clock: self.now())
                        result.future = moment.futureCount(check.good, plan: plan)
                        if !isDone { waiting = moment.waitingRows(check.good, plan: plan) }
                        return waiting
                    }
                )
            ) { last in
                if let store { return store.pushTime(now: now, after: last) }
                return max(now, last.map { $0.successor } ?? now)
            }
        }
        self.waitingRows.add(waiting)
        guard let store else { return result }
        let stale = try store.write(
            check.good,
            of: request.rows,
            plan: plan,
            pushedAt: recorded.pushedAt,
            where: { row, view in !moment.isEarly(row, for: view) }
        )
        let future = result.future
        result = PushResult(
            request,
            plan: plan,
            check: check,
            stale: stale,
            pushedAt: recorded.pushedAt
        )
        result.future = future
        result.sequence = recorded.sequence
        try inOfflineStore { () throws(OfflineStoreError) in
            try log.finish(recorded.sequence, result: result.json)
            log.noPendingLeft()
        }
        return result
    }

    /// Does something with the push log, which is made when there is none.
    func withPushLog<Result: Sendable>(
        _ body: (PushLog) throws(FeatureStoreError) -> Result
    ) throws(FeatureStoreError) -> Result {
        try self.pushLog.withLock { (opened) throws(FeatureStoreError) in
            if let log = opened, fileExists(self.paths.pushLog) {
                return try body(log)
            }
            let project = self.configuration.project
            let log = try inOfflineStore { () throws(OfflineStoreError) in
                self.snapshotPath == nil
                    ? try PushLog(path: self.paths.pushLog, project: project)
                    : try PushLog(reading: self.paths.pushLog, project: project)
            }
            opened = log
            return try body(log)
        }
    }
}

extension PushRequest {
    /// The longest idempotency key, in bytes.
    private static let maximumKeyLength = 512

    /// The name of the push source or the view.
    var name: String {
        switch self.destination {
        case .source(let name), .view(let name): name
        }
    }

    /// Whether the rows are for one view.
    var isView: Bool {
        switch self.destination {
        case .source: false
        case .view: true
        }
    }

    fileprivate var fingerprint: String {
        self.rows.fingerprint([self.name, self.isView ? "view" : "source", self.target.rawValue])
    }

    fileprivate func checkKey() throws(FeatureStoreError) {
        guard let key = self.idempotencyKey else { return }
        guard !key.isEmpty, key.utf8.count <= Self.maximumKeyLength else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "an idempotency key has 1 to \(Self.maximumKeyLength) bytes, not "
                    + "\(key.utf8.count)"
            )
        }
    }
}

extension PushLog.Known {
    /// The answer from before.
    fileprivate func result(
        key: String,
        fingerprint: String
    ) throws(FeatureStoreError) -> PushResult {
        guard self.contentHash == fingerprint else {
            throw FeatureStoreError(
                code: .conflict,
                message: "the idempotency key \"\(key)\" came before, with other rows, another "
                    + "target or another source; nothing was written; use a new key for new rows"
            )
        }
        guard let text = self.result else {
            throw FeatureStoreError(
                code: .conflict,
                message: "the push with the idempotency key \"\(key)\" is not complete yet; try "
                    + "again"
            )
        }
        do {
            return try ReportJSON.decode(Array(text.utf8))
        } catch {
            throw FeatureStoreError(
                code: .corruptData,
                message: "the answer to the push with the key \"\(key)\" cannot be read: \(error)",
                cause: error
            )
        }
    }
}

extension PushResult {
    /// The result of a push, with the numbers of its stale rows.
    init(
        _ request: PushRequest,
        plan: PushPlan,
        check: PushCheck,
        stale: Set<Int>,
        pushedAt: Timestamp
    ) {
        self.init(
            target: request.target,
            views: plan.views.map(\.name),
            ignoredColumns: plan.ignoredColumns,
            pushedAt: pushedAt
        )
        self.rejected = check.rejects.count
        for good in check.good {
            self.results.append(Row(number: good.row, isStale: stale.contains(good.row)))
        }
        for row in check.forgotten {
            self.results.append(Row(forgotten: row))
        }
        self.stale = stale.count + check.forgotten.count
        self.accepted = check.good.count - stale.count
        for reject in check.rejects {
            self.results.append(Row(reject))
        }
        self.results.sort { $0.row < $1.row }
    }

    /// The result as JSON.
    package var jsonBytes: [UInt8] {
        // A struct of numbers and strings can always be encoded.
        (try? ReportJSON.encode(self)) ?? Array("{}".utf8)
    }

    var json: String { String(decoding: self.jsonBytes, as: UTF8.self) }
}

extension Timestamp {
    /// The next microsecond.
    fileprivate var successor: Timestamp { Timestamp(microseconds: self.microseconds &+ 1) }
}

/// Does something with the offline stores, and passes its error on as one of this layer.
func inOfflineStore<Result>(
    _ body: () throws(OfflineStoreError) -> Result
) throws(FeatureStoreError) -> Result {
    do { return try body() } catch { throw FeatureStoreError(error) }
}
