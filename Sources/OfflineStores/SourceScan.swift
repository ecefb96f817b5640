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
    /// Whether of each key only the newest row in the bounds matters, by event time, created time
    /// and source order: others may come as well, or not.
    package var newestOnly: Bool
    /// Whether one bad row fails the scan, at its end.
    package var strict: Bool
    /// Leaves out what an earlier scan has delivered; `nil` to read everything.
    package var increment: SourceIncrement?
    /// Whether rows that are left out for a feature that cannot be read come as well, in batches of
    /// their own; only without a key filter.
    package var deliversUnusable = false
    /// Whether the last line of a file that was changed a moment ago is left for a later scan when
    /// it has no end.
    package var holdsBackUnfinished = false
    /// A line that an earlier scan took before it was finished: what it was then comes among the
    /// unusable rows.
    package var openLine: OpenLine?

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
        newestOnly: Bool = false,
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
        self.newestOnly = newestOnly
        self.strict = strict
    }
}

/// The rows that a training set can want, by key and time, and what a scan saw of the others.
///
/// A row is wanted when it is not too old for the first slot of its key that is not before it: one
/// that is too old for that slot is too old for all later ones.
package final class KeyFilter {
    /// The keys.
    package let keys: KeyDictionary
    /// The moments at which they are looked at.
    package let slots: EntitySlots
    /// How long a row stays valid, in microseconds; 0 for ever, and for a static table.
    package let ttl: Int64
    /// By key: the earliest event time of the rows that were passed over; `Int64.max` for none.
    package private(set) var oldestPassed: [Int64]
    /// By key: until when its rows do not count, because its entity was forgotten; empty when
    /// nothing was.
    var forgottenUntil: [Int64] = []

    package init(keys: KeyDictionary, slots: EntitySlots, ttl: Int64) {
        precondition(keys.count == slots.keyCount, "the slots are those of the keys")
        self.keys = keys
        self.slots = slots
        self.ttl = ttl
        self.oldestPassed = Array(repeating: .max, count: keys.count)
    }

    /// The first slot at or after a row's event time; -1 when no slot can want the row, which is
    /// noted.
    ///
    /// - Parameters:
    ///   - key: The id of the row's key, which is in the dictionary.
    ///   - time: Its event time in microseconds; ``missingTime`` for a row of a static table.
    /// - Returns: The number of the slot, or -1.
    /// - Complexity: O(log slots of the key).
    package func slot(ofKey key: Int32, at time: Int64) -> Int32 {
        let slot = self.slots.first(ofKey: key, from: time)
        if slot >= 0, !isTooOld(time, at: self.slots.times[Int(slot)], ttl: self.ttl) {
            return slot
        }
        self.notePassed(key, at: time)
        return -1
    }

    /// Notes that there is a row of a key that was passed over.
    func notePassed(_ key: Int32, at time: Int64) {
        guard self.forgottenUntil.isEmpty || time > self.forgottenUntil[Int(key)] else { return }
        self.oldestPassed[Int(key)] = min(self.oldestPassed[Int(key)], time)
    }

    /// A filter of the same rows that has seen nothing, for another thread.
    func unused() -> KeyFilter {
        let filter = KeyFilter(keys: self.keys, slots: self.slots, ttl: self.ttl)
        filter.forgottenUntil = self.forgottenUntil
        return filter
    }

    /// What was seen so far.
    var seen: Seen { Seen(oldestPassed: self.oldestPassed) }

    /// Takes over what another filter of the same rows saw.
    func absorb(_ seen: Seen) {
        for key in self.oldestPassed.indices {
            self.oldestPassed[key] = min(self.oldestPassed[key], seen.oldestPassed[key])
        }
    }

    /// What a scan saw of each key besides the rows that are wanted.
    struct Seen: Sendable {
        let oldestPassed: [Int64]
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
    /// The first slot of the key filter at or after each row's event time; empty without one.
    package let slots: [Int32]
    /// The key columns in the order of the join keys, without nulls; empty with a key filter.
    package let keyColumns: [Column]
    /// Event times in microseconds; all zero for a static table.
    package let times: [Int64]
    /// Created times in microseconds, `missingTime` for null; `nil` when the source has none and
    /// nothing is pushed to it.
    package let created: [Int64]?
    /// The rows' places in the source, for batches that do not come in source order; else `nil`.
    package let ordinals: [Int64]?
    /// The wanted features, in the order of the schema.
    package let features: [Column]
    /// Whether the rows say nothing, because a feature of theirs cannot be read; they have no
    /// features then.
    package private(set) var isUnusable = false

    package init(
        rowCount: Int,
        keyIDs: [Int32] = [],
        slots: [Int32] = [],
        keyColumns: [Column] = [],
        times: [Int64],
        created: [Int64]?,
        ordinals: [Int64]? = nil,
        features: [Column]
    ) {
        self.rowCount = rowCount
        self.keyIDs = keyIDs
        self.slots = slots
        self.keyColumns = keyColumns
        self.times = times
        self.created = created
        self.ordinals = ordinals
        self.features = features
    }

    /// The same rows, as such that say nothing.
    var unusable: SourceBatch {
        var batch = SourceBatch(
            rowCount: self.rowCount,
            keyColumns: self.keyColumns,
            times: self.times,
            created: self.created,
            features: []
        )
        batch.isUnusable = true
        return batch
    }
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
    /// Whether a time was read as seconds since 1970 that is most likely a date: `20240101`.
    package var sawDateWithoutDashes = false
    /// The last lines of files that have no end.
    package var unfinished: [UnfinishedLine] = []

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
        self.sawDateWithoutDashes = self.sawDateWithoutDashes || next.sawDateWithoutDashes
        self.unfinished += next.unfinished
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
