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
        public let name: String
        /// The values; null wherever the status is not `present`.
        public let values: Column
        /// What is known about each value.
        public let statuses: [FeatureStatus]
        /// The event time of each row that there is; ``Timestamp/epoch`` where there is none.
        public let eventTimestamps: [Timestamp]
    }

    /// The join keys.
    public let entities: [EntityColumn]
    /// The features.
    public let features: [FeatureColumn]
    /// How many entity rows were asked for.
    public let rowCount: Int
    /// What became of the rows of each view that was read.
    package internal(set) var viewRows: [ViewRowCounts] = []
}
