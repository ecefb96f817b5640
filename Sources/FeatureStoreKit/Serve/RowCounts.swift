/// What became of the entity rows of one view in a read.
package struct RowCounts: Hashable, Sendable {
    /// There was a row that is served.
    package var found: Int
    /// The newest row is older than the view's ttl.
    package var expired: Int
    /// There was no row.
    package var notFound: Int
    /// The values of rows that are served, and null.
    package var nullValues: Int

    package init(found: Int = 0, expired: Int = 0, notFound: Int = 0, nullValues: Int = 0) {
        self.found = found
        self.expired = expired
        self.notFound = notFound
        self.nullValues = nullValues
    }

    package static func += (sum: inout RowCounts, other: RowCounts) {
        sum.found += other.found
        sum.expired += other.expired
        sum.notFound += other.notFound
        sum.nullValues += other.nullValues
    }
}

/// The counts of one of the views of a read.
package struct ViewRowCounts: Sendable {
    /// The view's name; `view@v1` for a generation that is not in force.
    package let name: String
    package internal(set) var counts: RowCounts

    package init(name: String, counts: RowCounts) {
        self.name = name
        self.counts = counts
    }
}
