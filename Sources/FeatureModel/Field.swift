/// A feature: one typed column of a feature view.
public struct Field: Hashable, Codable, Sendable {
    /// The feature's name, unique in its view.
    public var name: String
    /// The type of its values.
    public var type: ValueType
    /// What the feature is, for people.
    public var description: String
    /// Free labels.
    public var tags: [String: String]

    /// A feature.
    public init(
        name: String,
        type: ValueType,
        description: String = "",
        tags: [String: String] = [:]
    ) {
        self.name = name
        self.type = type
        self.description = description
        self.tags = tags
    }
}
