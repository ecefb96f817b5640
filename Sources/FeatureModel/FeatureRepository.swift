/// Everything that a feature repository defines: what `plan` compares and `apply` stores.
public struct FeatureRepository: Hashable, Codable, Sendable {
    /// The entities, in the order of their definition.
    public var entities: [Entity]
    /// The data sources.
    public var dataSources: [DataSource]
    /// The feature views.
    public var featureViews: [FeatureView]
    /// The on-demand feature views.
    public var onDemandFeatureViews: [OnDemandFeatureView]
    /// The feature services.
    public var featureServices: [FeatureService]

    /// A repository.
    public init(
        entities: [Entity] = [],
        dataSources: [DataSource] = [],
        featureViews: [FeatureView] = [],
        onDemandFeatureViews: [OnDemandFeatureView] = [],
        featureServices: [FeatureService] = []
    ) {
        self.entities = entities
        self.dataSources = dataSources
        self.featureViews = featureViews
        self.onDemandFeatureViews = onDemandFeatureViews
        self.featureServices = featureServices
    }

    /// The entity with that name.
    public func entity(_ name: String) -> Entity? {
        Self.find(in: self.entities) { self.entities[$0].name == name }
    }

    /// The data source with that name.
    public func dataSource(_ name: String) -> DataSource? {
        Self.find(in: self.dataSources) { self.dataSources[$0].name == name }
    }

    /// The feature view with that name.
    public func featureView(_ name: String) -> FeatureView? {
        Self.find(in: self.featureViews) { self.featureViews[$0].name == name }
    }

    /// The on-demand feature view with that name.
    public func onDemandFeatureView(_ name: String) -> OnDemandFeatureView? {
        Self.find(in: self.onDemandFeatureViews) { self.onDemandFeatureViews[$0].name == name }
    }

    /// The feature service with that name.
    public func featureService(_ name: String) -> FeatureService? {
        Self.find(in: self.featureServices) { self.featureServices[$0].name == name }
    }

    /// The element of the first index that is wanted; the others are not copied on the way, which
    /// takes longer than to compare their names.
    private static func find<Element>(
        in elements: [Element],
        _ isWanted: (Int) -> Bool
    ) -> Element? {
        elements.indices.first(where: isWanted).map { elements[$0] }
    }

    /// The key columns of a view: those of its entities, in order, each once.
    ///
    /// Entities that the repository does not define are left out; validation reports them.
    public func joinKeys(of view: FeatureView) -> [Entity.JoinKey] {
        var keys: [Entity.JoinKey] = []
        for entity in view.entities.compactMap(self.entity) {
            for key in entity.joinKeys where !keys.contains(where: { $0.name == key.name }) {
                keys.append(key)
            }
        }
        return keys
    }
}

extension FeatureRepository {
    /// The source that a view's rows are read from: a CSV or SQLite source, which may be the batch
    /// source of the push source that the view names; or a push source that has no batch source.
    ///
    /// Its columns, times and zone are those of the view's history.
    ///
    /// - Returns: `nil` when the repository does not define it.
    public func rowSource(of view: FeatureView) -> DataSource? {
        guard let source = self.dataSource(view.source) else { return nil }
        guard let batchSource = source.batchSource else { return source }
        return self.dataSource(batchSource)
    }

    /// The push sources that add rows to a view: its own, and those whose batch source it names.
    public func pushSources(of view: FeatureView) -> [DataSource] {
        self.dataSources.filter { source in
            source.isPush && (source.name == view.source || source.batchSource == view.source)
        }
    }
}

/// The kinds of objects that a repository defines.
public enum DefinitionKind: String, Codable, CaseIterable, Sendable {
    /// An ``Entity``.
    case entity
    /// A ``DataSource``.
    case dataSource
    /// A ``FeatureView``.
    case featureView
    /// An ``OnDemandFeatureView``.
    case onDemandFeatureView
    /// A ``FeatureService``.
    case featureService

    /// The kind as people say it: `feature view`.
    public var title: String {
        switch self {
        case .entity: "entity"
        case .dataSource: "data source"
        case .featureView: "feature view"
        case .onDemandFeatureView: "on-demand feature view"
        case .featureService: "feature service"
        }
    }
}
