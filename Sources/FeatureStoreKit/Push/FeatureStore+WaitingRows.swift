import FeatureModel
import OfflineStores
import OnlineStores
import Synchronization

// A pushed row that is not due yet for a view stays in the push log, and is written online when its
// time has come: with the time of its push, so that writing it twice is writing it once. The log
// forgets it only afterwards, and no push goes before a row that is due.

/// When the first waiting row is due.
///
/// It may be earlier than it is, and is never later while nobody writes waiting rows. It changes
/// under the lock of the push log.
final class WaitingRows: Sendable {
    private let earliest = Atomic<Int64>(.max)
    private let mayReadsLag = Atomic<Bool>(false)

    /// Whether rows may be due.
    func isDue(by time: Timestamp) -> Bool {
        self.earliest.load(ordering: .acquiring) <= time.microseconds
    }

    /// Whether somebody looks for rows that are due a few times a second, so that reads need not.
    var isWatched: Bool {
        get { self.mayReadsLag.load(ordering: .relaxed) }
        set { self.mayReadsLag.store(newValue, ordering: .relaxed) }
    }

    /// Takes up rows that were recorded.
    func add(_ rows: [PushLog.WaitingRow]) {
        guard let first = rows.map(\.due).min() else { return }
        let earliest = min(first.microseconds, self.earliest.load(ordering: .relaxed))
        self.earliest.store(earliest, ordering: .releasing)
    }

    /// Takes up what the log says.
    func take(from log: PushLog) throws(FeatureStoreError) {
        let first = try inOfflineStore { () throws(OfflineStoreError) in try log.earliestDue() }
        self.earliest.store(first?.microseconds ?? .max, ordering: .releasing)
    }
}

extension FeatureStore {
    /// How many waiting rows are written at once.
    private static let maximumDueRows = 10_000

    /// Writes the waiting rows that are due by a time, if there are any.
    ///
    /// When it returns they are in the online store, whoever has written them.
    ///
    /// - Complexity: One comparison when none is due.
    func writeWaitingRows(
        dueBy time: Timestamp,
        into store: RocksDBOnlineStore
    ) throws(FeatureStoreError) {
        guard self.snapshotPath == nil, self.waitingRows.isDue(by: time) else { return }
        let definitions = try self.snapshot()
        guard definitions.version > 0 else { return }
        try self.withPushLog { (log) throws(FeatureStoreError) in
            try self.writeWaitingRows(
                in: log,
                dueBy: time,
                into: store,
                definitions: definitions
            )
        }
    }

    /// The same, for who has the log.
    func writeWaitingRows(
        in log: PushLog,
        dueBy time: Timestamp,
        into store: RocksDBOnlineStore,
        definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) {
        guard self.waitingRows.isDue(by: time) else { return }
        while true {
            let due = try inOfflineStore { () throws(OfflineStoreError) in
                try log.duePushes(by: time, limit: Self.maximumDueRows)
            }
            guard !due.isEmpty else { break }
            var parts: [ViewRows] = []
            for push in due {
                parts += try push.parts(definitions: definitions, time: time)
            }
            _ = try store.write(parts)
            try inOfflineStore { () throws(OfflineStoreError) in try log.remove(due) }
        }
        try self.waitingRows.take(from: log)
    }

    /// Forgets waiting rows that were meant for the online store alone, where nothing takes them
    /// any more: they must not be in what is defined under the same name later.
    ///
    /// Those that are history as well stay, as that does.
    func forgetWaitingRows(_ definitions: DefinitionSnapshot) throws(FeatureStoreError) {
        guard fileExists(self.paths.pushLog) else { return }
        let generations = definitions.liveGenerations.filter(\.generation.view.online)
        do throws(FeatureStoreError) {
            try self.withPushLog { (log) throws(FeatureStoreError) in
                try inOfflineStore { () throws(OfflineStoreError) in
                    try log.removeWaitingRows { name, isView in
                        generations.contains { live in
                            isView
                                ? live.name == name || live.generation.reference == name
                                : live.generation.pushSources.contains(name)
                        }
                    }
                }
            }
        } catch {
            throw FeatureStoreError(
                code: error.code,
                message: "the definitions are in force, but pushed rows that wait for their time "
                    + "could not be removed: \(error.message)",
                cause: error
            )
        }
    }
}

extension PushLog.DuePush {
    /// What the definitions in force have a place for.
    ///
    /// A row that cannot be read any more, or is due later by the definitions in force, is left to
    /// the next load.
    fileprivate func parts(
        definitions: DefinitionSnapshot,
        time: Timestamp
    ) throws(FeatureStoreError) -> [ViewRows] {
        var parts: [ViewRows] = []
        for isByCreated in [false, true] {
            let due = self.rows.filter { $0.row.isByCreated == isByCreated }
            guard !due.isEmpty else { continue }
            let rows = try PushRows(
                columns: self.columns.enumerated().map { index, name in
                    PushRows.Column(
                        name: name,
                        cells: due.map { $0.cells.count > index ? $0.cells[index] : .null }
                    )
                }
            )
            let request = PushRequest(
                self.isView ? .view(self.source) : .source(self.source),
                rows: rows
            )
            guard
                let plan = try? PushPlan(request, definitions: definitions, mustBeWhole: false)
            else { continue }
            let moment = PushMoment(now: time, pushedAt: self.pushedAt, clock: time)
            for view in plan.onlineViews where view.isByCreated == isByCreated {
                // By itself, so that a row that another view cannot read any more is not lost.
                let check = PushCheck(plan.restricted(to: view), rows: rows)
                parts.append(
                    ViewRows(
                        view: view,
                        rows: rows,
                        good: check.good.filter { !moment.isEarly($0, for: view) },
                        pushedAt: self.pushedAt
                    )
                )
            }
        }
        return parts
    }
}
