public import FeatureModel

/// Which entities are to be forgotten.
public struct ForgetRequest: Hashable, Sendable {
    /// One entity, by one of its ids.
    public struct Entity: Hashable, Sendable {
        /// The name of the join key.
        public var joinKey: String
        /// The id: a text is read as the type of the join key.
        public var id: Value
        /// How the id was written, when it is a float that came as text; see
        /// ``OnlineFeaturesRequest/EntityColumn/digits``.
        public var digits: String?

        /// An entity.
        public init(joinKey: String, id: Value, digits: String? = nil) {
            self.joinKey = joinKey
            self.id = id
            self.digits = digits
        }
    }

    /// The entities; each by itself, also where several have the same join key.
    public var entities: [Entity]
    /// Whether it is only told what would be removed.
    public var isDryRun: Bool

    /// A request.
    public init(_ entities: [Entity], isDryRun: Bool = false) {
        self.entities = entities
        self.isDryRun = isDryRun
    }
}
