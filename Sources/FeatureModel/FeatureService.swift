/// A named set of features: what one version of a model reads, in training and in serving.
public struct FeatureService: Hashable, Codable, Sendable {
    /// Some or all features of one view.
    public struct Projection: Hashable, Codable, Sendable {
        /// The name of the feature view or on-demand feature view.
        public var view: String
        /// The generation of the view that is pinned; `nil` for the one in force.
        public var version: Int?
        /// The features in their order, or `nil` for all of the view's.
        public var features: [String]?
        /// What the view is called in full feature names instead of its name.
        ///
        /// The same view may stand in a service several times under different names.
        public var alias: String?
        /// Join keys of the view → the columns of the entity rows that hold them here.
        public var joinKeyMap: [String: String]

        /// A projection.
        public init(
            view: String,
            version: Int? = nil,
            features: [String]? = nil,
            alias: String? = nil,
            joinKeyMap: [String: String] = [:]
        ) {
            self.view = view
            self.version = version
            self.features = features
            self.alias = alias
            self.joinKeyMap = joinKeyMap
        }

        /// What the view is called in full feature names.
        public var viewName: String { self.alias ?? self.reference }

        /// The view as references name it: `view`, or `view@v2`.
        public var reference: String {
            self.version.map { "\(self.view)@v\($0)" } ?? self.view
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

extension FeatureService.Projection {
    private enum CodingKeys: String, CodingKey {
        case view
        case version
        case features
        case alias
        case joinKeyMap
    }

    /// Reads a projection; what is absent has its default.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            view: try container.decode(String.self, forKey: .view),
            version: try container.decodeIfPresent(Int.self, forKey: .version),
            features: try container.decodeIfPresent([String].self, forKey: .features),
            alias: try container.decodeIfPresent(String.self, forKey: .alias),
            joinKeyMap: try container.decodeIfPresent([String: String].self, forKey: .joinKeyMap)
                ?? [:]
        )
    }

    /// Writes what differs from the defaults.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.view, forKey: .view)
        try container.encodeIfPresent(self.version, forKey: .version)
        try container.encodeIfPresent(self.features, forKey: .features)
        try container.encodeIfPresent(self.alias, forKey: .alias)
        if !self.joinKeyMap.isEmpty {
            try container.encode(self.joinKeyMap, forKey: .joinKeyMap)
        }
    }
}
