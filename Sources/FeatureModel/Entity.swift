/// A thing that features describe, and the columns that identify it.
public struct Entity: Hashable, Codable, Sendable {
    /// One column of an entity's key.
    public struct JoinKey: Hashable, Codable, Sendable {
        /// The column's name.
        public var name: String
        /// One of the five types that may be keys.
        public var type: ValueType

        /// A key column.
        public init(name: String, type: ValueType) {
            self.name = name
            self.type = type
        }
    }

    /// The entity's name, unique in a project.
    public var name: String
    /// The key columns, in the order of the definition; one or several.
    public var joinKeys: [JoinKey]
    /// What the entity is, for people.
    public var description: String
    /// Free labels.
    public var tags: [String: String]
    /// Who answers for it.
    public var owner: String

    /// An entity.
    public init(
        name: String,
        joinKeys: [JoinKey],
        description: String = "",
        tags: [String: String] = [:],
        owner: String = ""
    ) {
        self.name = name
        self.joinKeys = joinKeys
        self.description = description
        self.tags = tags
        self.owner = owner
    }
}
