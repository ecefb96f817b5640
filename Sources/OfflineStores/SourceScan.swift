package import FeatureCompute
package import FeatureModel

/// What to read of a source.
package struct SourceScan {
    /// Whether rows come with created times.
    package var hasCreatedTimes: Bool {
        self.source.createdTimestampColumn != nil || !self.pushSources.isEmpty
    }

    /// The source.
    package var source: DataSource
    /// The push sources whose rows come after those of the source, in the order of the pushes.
    ///
    /// When there are any, every row has a created time: without one of its own a pushed row has
    /// the time of its push, and a row of a source without created times
    /// `knownFromTheBeginning`.
    package var pushSources: [String]
    /// The key columns.
    package var joinKeys: [Entity.JoinKey]
    /// All features of the view.
    ///
    /// A row that has an unreadable one is bad, wanted or not, so that
    /// training and loading agree about which rows there are.
    package var features: [Field]
    /// By feature: whether its values are delivered.
    package var wanted: [Bool]
    /// Which keys matter; `nil` for all, whose values are delivered then.
    package var keyFilter: KeyFilter?
    /// Rows before it are passed over; `nil` for no bound.
    ///
    /// A static table has no times to bound.
    package var earliest: Timestamp?
    /// Rows after it are passed over, and counted.
    package var latest: Timestamp?
    /// Rows that were created after it, or at no known time, are passed over, and counted; `nil`
    /// for no bound, which is also so for a source without created times.
    package var latestCreated: Timestamp?
    /// Whether one bad row fails the scan, at its end.
    package var strict: Bool

    package init(
        source: DataSource,
        pushSources: [String] = [],
        joinKeys: [Entity.JoinKey],
        features: [Field],
        wanted: [Bool]? = nil,
        keyFilter: KeyFilter? = nil,
        earliest: Timestamp? = nil,
        latest: Timestamp? = nil,
        latestCreated: Timestamp? = nil,
        strict: Bool = false
    ) {
        self.source = source
        self.pushSources = pushSources
        self.joinKeys = joinKeys
        self.features = features
        self.wanted = wanted ?? Array(repeating: true, count: features.count)
        precondition(self.wanted.count == features.count, "one answer a feature")
        self.keyFilter = keyFilter
        self.earliest = earliest
        self.latest = latest
        self.latestCreated = latestCreated
        self.strict = strict
    }
}

/// The keys that a training set asks for, and what a scan saw of them outside of its times.
package final class KeyFilter {
    /// The keys.
    package let keys: KeyDictionary
    /// The earliest event time that can matter, in microseconds; ``missingTime`` for no bound.
    package let earliest: Int64
    /// The latest event time that can matter.
    package let latest: Int64
    /// By key: whether a row before `earliest` was passed over.
    package internal(set) var sawOlder: Bitmap
    /// By key: whether a row after `latest` was passed over.
    package internal(set) var sawNewer: Bitmap

    package init(keys: KeyDictionary, earliest: Int64, latest: Int64) {
        self.keys = keys
        self.earliest = earliest
        self.latest = latest
        self.sawOlder = Bitmap(count: keys.count)
        self.sawNewer = Bitmap(count: keys.count)
    }

    /// Whether a row of one of the keys can matter; otherwise it is noted on which side it lies.
    func takes(_ time: Int64, ofKey keyID: Int32) -> Bool {
        if time < self.earliest {
            self.sawOlder[Int(keyID)] = true
            return false
        }
        if time > self.latest {
            self.sawNewer[Int(keyID)] = true
            return false
        }
        return true
    }

    /// A filter by the same keys and times that has seen nothing, for another thread.
    func unused() -> KeyFilter {
        KeyFilter(keys: self.keys, earliest: self.earliest, latest: self.latest)
    }

    /// What was seen so far.
    var seen: Seen { Seen(older: self.sawOlder, newer: self.sawNewer) }

    /// Takes over what another filter by the same keys saw.
    func absorb(_ seen: Seen) {
        self.sawOlder.formUnion(seen.older)
        self.sawNewer.formUnion(seen.newer)
    }

    /// What a scan saw of each key outside of its times.
    struct Seen: Sendable {
        let older: Bitmap
        let newer: Bitmap
    }
}

/// Some rows of a source, column by column, in source order.
package struct SourceBatch: Sendable {
    /// Makes something of a batch, on whatever thread has read it.
    package typealias Transform<Part> = @Sendable (SourceBatch) throws(OfflineStoreError) -> Part

    /// How many rows there are; at least one.
    package let rowCount: Int
    /// The ids of the rows' keys; empty without a key filter.
    package let keyIDs: [Int32]
    /// The key columns in the order of the join keys, without nulls; empty with a key filter.
    package let keyColumns: [Column]
    /// Event times in microseconds; all zero for a static table.
    package let times: [Int64]
    /// Created times in microseconds, `missingTime` for null; `nil` when the source has none and
    /// nothing is pushed to it.
    package let created: [Int64]?
    /// The wanted features, in the order of the schema.
    package let features: [Column]
}

/// What a scan did with the rows of a source.
package struct ScanReport: Sendable {
    /// One cell or row that could not be used.
    package struct Sample: Sendable, CustomStringConvertible {
        /// `file:line`, or `file, table t, rowid 7`.
        package let place: String
        /// The column's name in the source; `nil` when the whole row is broken.
        package let column: String?
        /// The cell's text, shortened.
        package let text: String
        /// What is wrong with it.
        package let reason: String

        /// One line that says it all.
        package var description: String {
            guard let column = self.column else { return "\(self.place): \(self.reason)" }
            return "\(self.place): column \"\(column)\": \"\(self.text)\" \(self.reason)"
        }
    }

    /// How many samples are kept.
    package static let maximumSamples = 10

    /// Rows that were looked at.
    package var rowsRead = 0
    /// Rows that were delivered.
    package var rowsKept = 0
    /// Rows that were skipped because a cell cannot be of its type, or the row is broken.
    package var bad = 0
    /// Rows that were ignored because a key is null.
    package var nullKey = 0
    /// Rows that were ignored because the event time is null.
    package var nullTime = 0
    /// Rows that were passed over because they are later than the scan's `latest`.
    package var afterEnd = 0
    /// Rows that were passed over because they were created after the scan's `latestCreated`, or at
    /// no known time.
    package var createdLater = 0
    /// The first bad rows.
    package var samples: [Sample] = []
    /// The newest event time that was delivered.
    package var newestEventTime: Timestamp?
    /// Whether a time without zone was read.
    package var sawZonelessTime = false

    package init() {}

    /// Adds what was done with the rows that follow these.
    mutating func append(_ next: ScanReport) {
        self.rowsRead += next.rowsRead
        self.rowsKept += next.rowsKept
        self.bad += next.bad
        self.nullKey += next.nullKey
        self.nullTime += next.nullTime
        self.afterEnd += next.afterEnd
        self.createdLater += next.createdLater
        self.samples += next.samples.prefix(Self.maximumSamples - self.samples.count)
        if let newest = next.newestEventTime, newest > self.newestEventTime ?? newest {
            self.newestEventTime = newest
        } else {
            self.newestEventTime = self.newestEventTime ?? next.newestEventTime
        }
        self.sawZonelessTime = self.sawZonelessTime || next.sawZonelessTime
    }

    mutating func addBadRow(_ sample: @autoclosure () -> Sample) {
        self.bad += 1
        if self.samples.count < Self.maximumSamples {
            self.samples.append(sample())
        }
    }
}

/// How far a scan is.
package struct ScanProgress: Sendable {
    /// Rows that were looked at.
    package var rowsRead: Int
    /// The part of the source that was read, from 0 to 1; `nil` when its size is not known.
    package var fraction: Double?
}
