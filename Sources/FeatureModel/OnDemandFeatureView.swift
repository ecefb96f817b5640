/// Features that are computed when they are asked for, from features and values of the request.
///
/// Training and serving compute them by the same evaluator from the same inputs.
public struct OnDemandFeatureView: Hashable, Codable, Sendable {
    /// The view's name; unique among all feature views of a project, whatever its case.
    public var name: String
    /// What the features are computed from: names of feature views and of request sources.
    public var sources: [String]
    /// The features, in order.
    public var features: [OnDemandFeature]
    /// What the view is, for people.
    public var description: String
    /// Free labels.
    public var tags: [String: String]
    /// Who answers for it.
    public var owner: String

    /// An on-demand feature view.
    public init(
        name: String,
        sources: [String],
        features: [OnDemandFeature],
        description: String = "",
        tags: [String: String] = [:],
        owner: String = ""
    ) {
        self.name = name
        self.sources = sources
        self.features = features
        self.description = description
        self.tags = tags
        self.owner = owner
    }
}

/// One feature of an on-demand feature view.
public struct OnDemandFeature: Hashable, Codable, Sendable {
    /// How the value is computed.
    public enum Transformation: Hashable, Codable, Sendable {
        /// An SQL scalar expression over the inputs.
        case expression(String)
        /// A function of that name, which the program that reads the feature gives to its store.
        case function(String)
    }

    /// The feature's name, unique in its view.
    public var name: String
    /// The type of its values.
    public var type: ValueType
    /// How the value is computed.
    public var transformation: Transformation
    /// What the feature is, for people.
    public var description: String
    /// Free labels.
    public var tags: [String: String]

    /// A feature.
    public init(
        name: String,
        type: ValueType,
        transformation: Transformation,
        description: String = "",
        tags: [String: String] = [:]
    ) {
        self.name = name
        self.type = type
        self.transformation = transformation
        self.description = description
        self.tags = tags
    }
}
