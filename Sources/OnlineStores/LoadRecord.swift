package import FeatureModel

/// What the last load of a view did: committed together with its rows.
package struct LoadRecord: Hashable, Codable, Sendable {
    /// The first event time that the load asked for; `nil` for all from the beginning.
    package var windowStart: Timestamp?
    /// The last event time that the loads of this generation asked for.
    package var windowEnd: Timestamp
    /// When the load was done.
    package var finishedAt: Timestamp
    /// How many rows the source gave.
    package var rowsRead: Int
    /// How many keys got a new row; counted by the commit.
    package var keysWritten: Int
    /// How many keys kept the row they had, because it is newer than the load's newest for them;
    /// counted by the commit.
    package var stale: Int
    /// How many rows could not be used.
    package var bad: Int
    /// The greatest event time that was read.
    package var newestEventTime: Timestamp?
    /// What the source wants to know at the next load; only the caller understands it.
    package var sourceState: String

    package init(
        windowStart: Timestamp? = nil,
        windowEnd: Timestamp,
        finishedAt: Timestamp,
        rowsRead: Int = 0,
        keysWritten: Int = 0,
        stale: Int = 0,
        bad: Int = 0,
        newestEventTime: Timestamp? = nil,
        sourceState: String = ""
    ) {
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.finishedAt = finishedAt
        self.rowsRead = rowsRead
        self.keysWritten = keysWritten
        self.stale = stale
        self.bad = bad
        self.newestEventTime = newestEventTime
        self.sourceState = sourceState
    }
}
