/// Finds the rows that a training set wants without reading all of a source: by an index, or in a
/// file that is sorted.
package protocol HistorySeeker: Sendable {
    /// Delivers rows, with what the join needs to choose among them.
    ///
    /// The scan has a key filter. Of the rows that are good (with all keys and a time, and all
    /// features of the scan readable, wanted or not), these are delivered at least:
    /// - for each slot, the best of the rows whose first slot it is, unless it is too old: the
    ///   newest event time wins, then the greatest created time (null loses), then the last in
    ///   source order;
    /// - when the scan has created times, for each slot also the best of the rows with event time
    ///   and created time at or before it, unless it is too old.
    ///
    /// More rows, and the same rows again, do no harm. They come in any order, each with its place
    /// in the source as its ordinal. Where the scan has created times and the source has none, they
    /// are `knownFromTheBeginning`.
    ///
    /// The event time of the oldest row of each key goes to ``KeyFilter/slot(ofKey:at:)`` of the
    /// scan's filter, which gives the row's slot and notes rows that no slot wants: the reasons
    /// for gaps come from that. `report` counts the rows that were looked at.
    ///
    /// - Throws: What reading throws, and what `body` throws.
    func seek(
        _ scan: SourceScan,
        report: inout ScanReport,
        progress: ((ScanProgress) -> Void)?,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError)
}

/// How the history of a view is read for a training set.
package struct HistoryPath: Sendable {
    /// What kind of way it is.
    package enum Kind: String, Sendable {
        /// All rows are read.
        case scan
        /// Rows are looked up.
        case seek
        /// Rows are looked up in a sorted copy of the source.
        case cache
    }

    /// What finds the rows; `nil` when all are read.
    package let seeker: (any HistorySeeker)?
    /// What is read, and by what: `driver_stats.csv, 1.3 GB`, or
    /// `features.db, table "stats", by the index "by_driver" (driver_id, event_timestamp)`.
    package let title: String
    /// Why it is this way and no other.
    package let reason: String

    /// The kind of way.
    package let kind: Kind

    package init(seeker: (any HistorySeeker)?, title: String, reason: String) {
        self.kind = seeker == nil ? .scan : .seek
        self.seeker = seeker
        self.title = title
        self.reason = reason
    }

    /// The way through a cache.
    init(cacheOf title: String, reason: String) {
        self.kind = .cache
        self.seeker = nil
        self.title = title
        self.reason = reason
    }
}
