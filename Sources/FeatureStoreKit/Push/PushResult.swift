public import FeatureModel
import OfflineStores

/// What became of pushed rows.
public struct PushResult: Codable, Hashable, Sendable {
    /// What became of a row.
    public enum Status: String, Codable, Hashable, Sendable {
        /// It is in the stores that it was pushed to; online it is the row of its key now, or will
        /// be considered when its time has come.
        case accepted
        /// Online its key has a newer row, from before or from the same push. History has it, if
        /// it was pushed there. Or its entity was forgotten since its time, which is the last word:
        /// then no store has it.
        case stale
        /// It cannot be used, and is in no store; the rejects keep it.
        case rejected
    }

    /// One row.
    public struct Row: Codable, Hashable, Sendable {
        /// Its number in the push, from 0.
        public let row: Int
        /// What became of it.
        public let status: Status
        /// The column that is to blame for a rejection, if there is one.
        public let column: String?
        /// Why it was rejected, or is stale.
        public let reason: String?

        init(number: Int, isStale: Bool) {
            self.row = number
            self.status = isStale ? .stale : .accepted
            self.column = nil
            self.reason = isStale ? "a newer row of the key is there" : nil
        }

        init(forgotten number: Int) {
            self.row = number
            self.status = .stale
            self.column = nil
            self.reason = "its entity was forgotten after its time"
        }

        init(_ row: Row, number: Int) {
            self.row = number
            self.status = row.status
            self.column = row.column
            self.reason = row.reason
        }

        init(_ reject: PushLog.Reject) {
            self.row = reject.row
            self.status = .rejected
            self.column = reject.column
            self.reason = reject.reason
        }
    }

    /// The number of the push; `nil` for one that went to the online store alone and left nothing
    /// to be remembered.
    public internal(set) var sequence: Int64?
    /// The time of the push: the created time of rows that do not give one.
    public internal(set) var pushedAt: Timestamp
    /// Where the rows went.
    public let target: PushTarget
    /// The feature views that the rows are for.
    public let views: [String]
    /// How many rows were accepted.
    public internal(set) var accepted = 0
    /// How many rows are stale online.
    public internal(set) var stale = 0
    /// How many rows were rejected.
    public internal(set) var rejected = 0
    /// How many of the rows that are not rejected have an event time after now, or a created time
    /// after now where a view filters by it: they are served only when it has come, and until then
    /// hide no other row.
    public internal(set) var future = 0
    /// Columns of the rows that no view has.
    public let ignoredColumns: [String]
    /// All rows, in their order.
    public internal(set) var results: [Row] = []

    private enum CodingKeys: String, CodingKey {
        case sequence
        case pushedAt
        case target = "to"
        case views = "featureViews"
        case accepted
        case stale
        case rejected
        case future
        case ignoredColumns
        case results
    }

    init(target: PushTarget, views: [String], ignoredColumns: [String], pushedAt: Timestamp) {
        self.pushedAt = pushedAt
        self.target = target
        self.views = views
        self.ignoredColumns = ignoredColumns
    }

    /// The result with the rows that were not accepted alone.
    public var withoutAccepted: PushResult {
        var result = self
        result.results.removeAll { $0.status == .accepted }
        return result
    }

    /// Adds the result of the rows that came after these, as one result of all.
    ///
    /// The sequence and the time become those of the later push.
    package mutating func append(_ next: PushResult, firstRow: Int) {
        self.sequence = next.sequence ?? self.sequence
        self.pushedAt = next.pushedAt
        self.accepted += next.accepted
        self.stale += next.stale
        self.rejected += next.rejected
        self.future += next.future
        for row in next.results {
            self.results.append(Row(row, number: row.row + firstRow))
        }
    }
}
