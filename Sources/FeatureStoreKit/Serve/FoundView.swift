import FeatureCompute
import FeatureModel
import OnlineStores

/// What a read found of one view, which all of its features have in common.
struct FoundView {
    /// One for each entity row; none where its values are not served.
    private(set) var rows: [RowPlace] = []
    /// The status of each value that is not null itself.
    private(set) var statuses: [FeatureStatus] = []
    /// The event time of each row that there is.
    private(set) var eventTimestamps: [Timestamp] = []
    /// The rows whose values are not served; `nil` when all are.
    private(set) var unserved: Bitmap?
    /// What became of the rows.
    private(set) var counts = RowCounts()
    private var rowCount = 0

    /// Forgets the rows, and keeps the memory.
    mutating func reset(rowCount: Int) {
        self.rows.removeAll(keepingCapacity: true)
        self.statuses.removeAll(keepingCapacity: true)
        self.eventTimestamps.removeAll(keepingCapacity: true)
        self.rows.reserveCapacity(rowCount)
        self.statuses.reserveCapacity(rowCount)
        self.eventTimestamps.reserveCapacity(rowCount)
        self.unserved = nil
        self.counts = RowCounts()
        self.rowCount = rowCount
    }

    /// Adds a row that is served.
    mutating func append(_ place: RowPlace, _ eventTime: Timestamp) {
        self.rows.append(place)
        self.statuses.append(.present)
        self.eventTimestamps.append(eventTime)
        self.counts.found += 1
    }

    /// Adds a row that is too old to be served.
    mutating func appendExpired(_ eventTime: Timestamp) {
        self.appendUnserved(.outsideMaxAge, eventTime)
        self.counts.expired += 1
    }

    /// Adds an entity without a row.
    mutating func appendNothing() {
        self.appendUnserved(.notFound, .epoch)
        self.counts.notFound += 1
    }

    private mutating func appendUnserved(_ status: FeatureStatus, _ eventTime: Timestamp) {
        if self.unserved == nil { self.unserved = Bitmap(count: self.rowCount) }
        self.unserved?[self.rows.count] = true
        self.rows.append(.none)
        self.statuses.append(status)
        self.eventTimestamps.append(eventTime)
    }
}
