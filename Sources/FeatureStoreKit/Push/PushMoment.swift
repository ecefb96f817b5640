import FeatureModel
import OfflineStores

/// Which rows of a push may be in the online store at a time.
///
/// A row is due for a view at its event time, or for a view that filters by created time at the
/// later of event and created time. Before that a training row does not see it, and an online row
/// would hide the one that is valid. Rows that are as old as each other are due at the same time.
struct PushMoment {
    /// What is due by then may be written.
    let now: Timestamp
    /// The created time of rows that give none, when it is still to come; else the beginning.
    private let laterPushTime: Int64

    /// - Parameters:
    ///   - now: What is due by then may be written.
    ///   - pushedAt: The time of the push.
    ///   - clock: The time after that was given; earlier than the time of the push only when the
    ///     clock was set back.
    init(now: Timestamp, pushedAt: Timestamp, clock: Timestamp) {
        self.now = now
        self.laterPushTime = pushedAt > clock ? pushedAt.microseconds : .min
    }

    /// When a view may have a row.
    func due(_ row: PushCheck.Good, isByCreated: Bool) -> Timestamp {
        Timestamp(
            microseconds: isByCreated
                ? max(row.eventTime, row.created ?? self.laterPushTime) : row.eventTime
        )
    }

    /// Whether a view may not have a row yet.
    func isEarly(_ row: PushCheck.Good, for view: PushPlan.View) -> Bool {
        self.due(row, isByCreated: view.isByCreated) > self.now
    }

    /// How many rows have to wait for some view, be it served online or not.
    func futureCount(_ rows: [PushCheck.Good], plan: PushPlan) -> Int {
        rows.count { row in plan.views.contains { self.isEarly(row, for: $0) } }
    }

    /// The rows that have to wait for some view that is served online.
    func waitingRows(_ rows: [PushCheck.Good], plan: PushPlan) -> [PushLog.WaitingRow] {
        var waiting: [PushLog.WaitingRow] = []
        for isByCreated in Set(plan.onlineViews.map(\.isByCreated)) {
            for row in rows {
                let due = self.due(row, isByCreated: isByCreated)
                guard due > self.now else { continue }
                waiting.append(
                    PushLog.WaitingRow(number: row.row, isByCreated: isByCreated, due: due)
                )
            }
        }
        return waiting
    }
}

extension PushPlan.View {
    /// Whether its rows count from their created time on.
    var isByCreated: Bool { self.generation.view.filterByCreatedTimestamp }
}
