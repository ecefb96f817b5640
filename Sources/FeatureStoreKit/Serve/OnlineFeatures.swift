public import FeatureCompute
public import FeatureModel

/// What is known about one value of an answer, with Feast's names.
public enum FeatureStatus: UInt8, Sendable {
    /// The row is there and the value is not null.
    case present
    /// The row is there and the value is null.
    case nullValue
    /// There is no row for that entity.
    case notFound
    /// The newest row is older than the view's ttl; the value is withheld.
    case outsideMaxAge

    /// The name on the wire: `PRESENT`.
    public var name: String {
        switch self {
        case .present: "PRESENT"
        case .nullValue: "NULL_VALUE"
        case .notFound: "NOT_FOUND"
        case .outsideMaxAge: "OUTSIDE_MAX_AGE"
        }
    }
}

/// The newest values of some features for some entities.
///
/// Column by column: the join keys first, in the order of the request, then the features.
public struct OnlineFeatures: Sendable {
    /// One join key as it was asked for, read as its declared type.
    public struct EntityColumn: Sendable {
        /// The join key.
        public let name: String
        /// The ids, one for each entity row.
        public let values: Column
    }

    /// One feature of every entity row.
    public struct FeatureColumn: Sendable {
        /// The column's name: `feature`, or `view__feature`.
        public internal(set) var name: String
        /// The values; null wherever the status is not `present`.
        public internal(set) var values: Column
        /// What is known about each value.
        public internal(set) var statuses: [FeatureStatus]
        /// The event time of each row that there is; ``Timestamp/epoch`` where there is none.
        public internal(set) var eventTimestamps: [Timestamp]
    }

    /// The join keys.
    public internal(set) var entities: [EntityColumn]
    /// The features.
    public internal(set) var features: [FeatureColumn]
    /// How many entity rows were asked for.
    public internal(set) var rowCount: Int
    /// What became of the rows of each view that was read.
    package internal(set) var viewRows: [ViewRowCounts] = []

    /// No features of no entities, to be read into.
    public init() {
        self.init(entities: [], features: [], rowCount: 0)
    }

    init(entities: [EntityColumn], features: [FeatureColumn], rowCount: Int) {
        self.entities = entities
        self.features = features
        self.rowCount = rowCount
    }

    /// Forgets the answer, keeps the memory, and makes room for so many features.
    mutating func reset(featureCount: Int) {
        self.entities = []
        self.rowCount = 0
        if self.features.count > featureCount {
            self.features.removeLast(self.features.count - featureCount)
        }
        for index in self.features.indices {
            // The features of a view share these, and whoever made them may fill them again.
            self.features[index].statuses = []
            self.features[index].eventTimestamps = []
        }
        self.features.reserveCapacity(featureCount)
        while self.features.count < featureCount {
            let values = Column(type: .int64, storage: .integers([]), nulls: nil)
            self.features.append(
                FeatureColumn(name: "", values: values, statuses: [], eventTimestamps: [])
            )
        }
    }
}
