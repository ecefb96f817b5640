/// A named set of features: what one version of a model reads, in training and in serving.
public struct FeatureService: Hashable, Codable, Sendable {
    /// Some or all features of one view.
    public struct Projection: Hashable, Codable, Sendable {
        /// The view's name.
        public var view: String
        /// The features in their order, or `nil` for all of the view's.
        public var features: [String]?

        /// A projection.
        public init(view: String, features: [String]? = nil) {
            self.view = view
            self.features = features
        }
    }

    /// The service's name, unique in a project.
    public var name: String
    /// What it serves, in order.
    public var features: [Projection]
    /// What the service is for.
    public var description: String
    /// Free labels.
    public var tags: [String: String]
    /// Who answers for it.
    public var owner: String

    /// A feature service.
    public init(
        name: String,
        features: [Projection],
        description: String = "",
        tags: [String: String] = [:],
        owner: String = ""
    ) {
        self.name = name
        self.features = features
        self.description = description
        self.tags = tags
        self.owner = owner
    }
}
