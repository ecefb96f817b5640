/// A group of features that one source gives for the same entities.
public struct FeatureView: Hashable, Codable, Sendable {
    /// The view's name; unique in a project, whatever its case.
    public var name: String
    /// The names of the entities whose join keys identify a row; none for a view of global
    /// features.
    public var entities: [String]
    /// How long a row stays valid after its event time, in microseconds; 0 for ever.
    public var ttlMicroseconds: Int64
    /// How long rows are kept after their event time, in microseconds; `nil` for the project's.
    ///
    /// Nothing is removed on its own: a collection of garbage removes what is older.
    public var retentionMicroseconds: Int64?
    /// The features.
    public var schema: [Field]
    /// Whether the view is loaded into the online store.
    public var online: Bool
    /// The name of the source.
    public var source: String
    /// Whether a training row may only see rows whose created time is not after it.
    public var filterByCreatedTimestamp: Bool
    /// What the view is, for people.
    public var description: String
    /// Free labels.
    public var tags: [String: String]
    /// Who answers for it.
    public var owner: String

    /// A feature view.
    public init(
        name: String,
        entities: [String],
        ttlMicroseconds: Int64 = 0,
        retentionMicroseconds: Int64? = nil,
        schema: [Field],
        online: Bool = true,
        source: String,
        filterByCreatedTimestamp: Bool = false,
        description: String = "",
        tags: [String: String] = [:],
        owner: String = ""
    ) {
        self.name = name
        self.entities = entities
        self.ttlMicroseconds = ttlMicroseconds
        self.retentionMicroseconds = retentionMicroseconds
        self.schema = schema
        self.online = online
        self.source = source
        self.filterByCreatedTimestamp = filterByCreatedTimestamp
        self.description = description
        self.tags = tags
        self.owner = owner
    }
}
