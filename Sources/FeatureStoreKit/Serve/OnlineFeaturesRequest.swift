public import FeatureModel

/// Which features to read, of which entities.
public struct OnlineFeaturesRequest: Sendable {
    /// One join key's values, one for each entity row.
    public struct EntityColumn: Hashable, Sendable {
        /// The join key, or the name of an entity that has a single one.
        public var name: String
        /// The ids.
        ///
        /// Text is read as the declared type; a null is an unknown entity.
        public var values: [Value]
        /// How the floats among the values were written, by row, where they came as text.
        ///
        /// The digits say which whole number is meant; a float without them is one only within
        /// ±2^53.
        public var digits: [Int: String]

        /// A column of ids.
        public init(name: String, values: [Value], digits: [Int: String] = [:]) {
            self.name = name
            self.values = values
            self.digits = digits
        }
    }

    /// What to read.
    public var selection: FeatureSelection
    /// The entity rows, column by column, all of one length.
    public var entities: [EntityColumn]
    /// Whether a feature is called `view__feature` instead of `feature`.
    public var fullFeatureNames: Bool
    /// When the computing of on-demand features must have ended; `nil` for never.
    public var deadline: ContinuousClock.Instant?

    /// A request.
    public init(
        selection: FeatureSelection,
        entities: [EntityColumn],
        fullFeatureNames: Bool = false,
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.selection = selection
        self.entities = entities
        self.fullFeatureNames = fullFeatureNames
        self.deadline = deadline
    }
}
