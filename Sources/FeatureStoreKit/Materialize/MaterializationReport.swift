public import FeatureModel

/// What a load did, view by view.
public struct MaterializationReport: Codable, Hashable, Sendable {
    /// What became of one view.
    public struct View: Codable, Hashable, Sendable {
        /// The view's name.
        public let name: String
        /// The first event time of the window; `nil` for the beginning of the source.
        public var start: Timestamp?
        /// The last event time of the window.
        public var end: Timestamp
        /// Rows of the source that were looked at, and those that are known.
        public var rowsRead = 0
        /// Rows of the source that an earlier load has looked at, and that are still the same: they
        /// count wherever they did then, and were not looked at again.
        public var rowsKnown = 0
        /// Keys that have a new row now.
        public var keysWritten = 0
        /// Keys that kept the row they had, because it is newer than the newest of this load.
        public var stale = 0
        /// Rows that were left out because a cell cannot be of its type.
        public var bad = 0
        /// Rows that were left out because a join key is null.
        public var nullKey = 0
        /// Rows that were left out because the event time is null.
        public var nullTime = 0
        /// Rows that were left out because they are later than the window.
        public var afterEnd = 0
        /// Rows of a view with `filter_by_created_timestamp` that were left out because they were
        /// created in the future, or at no known time.
        public var createdLater = 0
        /// The first bad rows: place, column, text and reason.
        public var samples: [String] = []
        /// The newest event time that was read in the window.
        public var newestEventTime: Timestamp?
        /// How long it took, in seconds.
        public var seconds: Double = 0
        /// Why the view was not loaded; it is as it was then.
        public var error: String?
    }

    /// The views, in the order of their definition.
    public var views: [View] = []
    /// What the caller should know: an end in the future, say.
    public var notes: [String] = []

    /// Whether every view was loaded.
    public var succeeded: Bool { self.views.allSatisfy { $0.error == nil } }
}

/// The cause of an error of a load that failed for some views and not for others.
public struct PartialMaterialization: Error, Sendable {
    /// What was done, and what was not.
    public let report: MaterializationReport
    /// Why, in the order of the views that were not loaded.
    package let failures: [FeatureStoreError]
}

/// How far a load is.
public struct MaterializationProgress: Sendable {
    /// The view that is being loaded.
    public let view: String
    /// Rows of its source that were looked at.
    public let rowsRead: Int
    /// The part of its source that was read, from 0 to 1; `nil` when its size is not known.
    public let fraction: Double?
}
