public import FeatureCompute

/// Entity rows with the features that a model could have seen at each row's time.
public struct TrainingSet: Sendable {
    /// The entity columns in their order, then the features, grouped by view in order of mention.
    ///
    /// One row for each entity row, in the same order.
    public let table: Table
    /// How the features were found.
    public let report: TrainingSetReport
}

/// How many cells of a training set are null and why, and what was odd about the input.
public struct TrainingSetReport: Codable, Hashable, Sendable {
    /// One feature column.
    public struct Column: Codable, Hashable, Sendable {
        /// The column's name.
        public let name: String
        /// The view that it comes from.
        public let view: String
        /// Rows with a value.
        public internal(set) var values = 0
        /// Null because the source has no row for the key.
        public internal(set) var noRow = 0
        /// Null because the newest row was older than the view's ttl.
        public internal(set) var olderThanTTL = 0
        /// Null because all rows of the key are later than the entity row.
        public internal(set) var onlyInFuture = 0
        /// Null because the value is null in the source.
        public internal(set) var nullInSource = 0
        /// Null because a join key of the entity row is null or unreadable.
        public internal(set) var nullKey = 0
        /// Null because the time of the entity row is null or unreadable.
        public internal(set) var nullTime = 0
        /// Null because no row had been created at the entity row's time.
        public internal(set) var notYetCreated = 0
        /// Null because an expression or function gives null for the row's inputs.
        public internal(set) var nullResult = 0
        /// Null because the row cannot be computed, or its result cannot be the feature's type.
        public internal(set) var notComputable = 0
        /// Cells that would hold another value, or none, if created times were obeyed; 0 where they
        /// are, and where the source has none.
        public internal(set) var createdFilterWouldChange = 0

        /// All nulls.
        public var nulls: Int {
            self.noRow + self.olderThanTTL + self.onlyInFuture + self.nullInSource + self.nullKey
                + self.nullTime + self.notYetCreated + self.nullResult + self.notComputable
        }
    }

    /// What was read of one view's source.
    public struct Source: Codable, Hashable, Sendable {
        /// The view.
        public let view: String
        /// Rows that were looked at.
        public let rowsRead: Int
        /// Rows that were left out because a cell cannot be of its type.
        public let bad: Int
        /// Rows that were left out because a join key is null.
        public let nullKey: Int
        /// Rows that were left out because the event time is null.
        public let nullTime: Int
        /// The first bad rows: place, column, text and reason.
        public let samples: [String]
    }

    /// How the entity rows were made, where nobody gave any.
    public struct GeneratedRows: Codable, Hashable, Sendable {
        /// The different keys of the views; 1 for views without keys.
        public let keys: Int
        /// The moments; each key has one row for each.
        public let moments: Int
    }

    /// Entity rows that came in; as many go out.
    public internal(set) var rows = 0
    /// How the entity rows were made; `nil` when they were given.
    public internal(set) var generated: GeneratedRows?
    /// The features, in the order of the table.
    public internal(set) var columns: [Column] = []
    /// The sources that were read, by view.
    public internal(set) var sources: [Source] = []
    /// What the user should know, a sentence each.
    public internal(set) var warnings: [String] = []
    /// How long it took, in seconds.
    public internal(set) var seconds: Double = 0
    /// How the sources were read; `nil` unless ``HistoricalFeaturesOptions/explain`` is given.
    public internal(set) var plan: TrainingSetPlan?

    /// Cells that ``HistoricalFeaturesOptions/filterByCreatedTimestamp`` would change.
    public var cellsCreatedFilterWouldChange: Int {
        self.columns.reduce(0) { $0 + $1.createdFilterWouldChange }
    }
}

/// Where the entity rows of a training set come from.
public enum EntityRowsInput: Sendable {
    /// A CSV file; gzipped when its name ends in `.gz`. Relative to the working directory.
    case file(String)
    /// CSV on standard input.
    case standardInput
    /// A table that was made in code.
    case table(Table)
    /// Every key that the views have, at one moment or every so often.
    ///
    /// A key counts when a source has a row of it with an event time from `from` (`nil`: the
    /// beginning) to `to` (`nil`: now), both inclusive; all keys of a static table count. Each key
    /// has a row at `to`, or with `everyMicroseconds` at `from`, `from + every` and so on up to
    /// `to`. Keys come in ascending order, and each key's rows by time.
    case keys(from: Timestamp? = nil, to: Timestamp? = nil, everyMicroseconds: Int64? = nil)
}

/// How a training set is made.
public struct HistoricalFeaturesOptions: Sendable {
    /// The entity column that holds each row's time.
    public var timestampField = "event_timestamp"
    /// Whether a feature column is called `view__feature`.
    public var fullFeatureNames = false
    /// Whether a row may only see what had been created by its time, in every view.
    public var filterByCreatedTimestamp = false
    /// Whether bad rows, unreadable keys and unreadable times are errors.
    public var strict = false
    /// The most rows that ``EntityRowsInput/keys(from:to:everyMicroseconds:)`` may make.
    public var maximumGeneratedRows = 10_000_000
    /// About how many bytes entity rows and features may take in memory; `nil` for no limit.
    ///
    /// See ``FeatureStore/writeHistoricalFeatures(_:entities:options:to:progress:)``.
    public var memoryLimit: Int?
    /// Called with the plan before the first source is read.
    public var explain: (@Sendable (TrainingSetPlan) -> Void)?

    /// The defaults.
    public init() {}
}

/// How far a training set is.
public struct HistoricalFeaturesProgress: Sendable {
    /// The view whose source is being read.
    public let view: String
    /// Rows of it that were looked at.
    public let rowsRead: Int
    /// The part of it that was read, from 0 to 1; `nil` when its size is not known.
    public let fraction: Double?
}
