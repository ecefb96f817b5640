public import FeatureModel

extension FeatureStore {
    /// Where the tokens of the feature server are, unless it is told another file: beside the
    /// registry.
    public var tokenFilePath: String { self.paths.tokens }

    /// Makes a token, as ``TokenFile/create(_:scopes:project:views:expires:now:)`` does.
    ///
    /// The audit log has a line about it.
    public func createToken(
        _ name: String,
        in file: TokenFile,
        scopes: [AccessScope],
        project: String? = nil,
        views: [String] = [],
        expires: Timestamp? = nil
    ) throws(FeatureStoreError) -> String {
        try self.audited(.createToken, Self.tokenNames(name)) { (_) throws(FeatureStoreError) in
            try file.create(
                name,
                scopes: scopes,
                project: project,
                views: views,
                expires: expires,
                now: self.now()
            )
        }
    }

    /// Rotates a token, as ``TokenFile/rotate(_:graceMicroseconds:now:)`` does.
    ///
    /// The audit log has a line about it.
    public func rotateToken(
        _ name: String,
        in file: TokenFile,
        graceMicroseconds: Int64 = 0
    ) throws(FeatureStoreError) -> String {
        try self.audited(.rotateToken, Self.tokenNames(name)) { (_) throws(FeatureStoreError) in
            try file.rotate(name, graceMicroseconds: graceMicroseconds, now: self.now())
        }
    }

    /// Revokes a token, as ``TokenFile/revoke(_:)`` does.
    ///
    /// The audit log has a line about it.
    public func revokeToken(_ name: String, in file: TokenFile) throws(FeatureStoreError) {
        try self.audited(.revokeToken, Self.tokenNames(name)) { (_) throws(FeatureStoreError) in
            try file.revoke(name)
        }
    }

    /// The feature views that a request reads or writes, by the definitions that are known already.
    ///
    /// - Parameter target: What the request names.
    /// - Returns: Names without versions, each perhaps more than once: of a service all its views,
    ///   of an on-demand feature view those that it is computed from. A view that is not known is
    ///   there as it was named; an unknown service or push source has none. No file is read.
    public func viewNames(of target: AccessTarget) -> [String] {
        let definitions = self.knownDefinitions
        switch target {
        case .selection(.features(let references)):
            return references.flatMap { reference in
                let name = FeatureReference(reference)?.view ?? reference
                return definitions?.viewsRead(for: name) ?? [name]
            }
        case .selection(.service(let name)):
            guard let definitions, let service = definitions.repository.featureService(name) else {
                return []
            }
            return service.features.flatMap { definitions.viewsRead(for: $0.view) }
        case .push(.source(let name)):
            return (definitions?.liveGenerations ?? [])
                .filter { $0.generation.pushSources.contains(name) }
                .map(\.generation.view.name)
        case .push(.view(let name)):
            return [Self.viewName(name)]
        case .views(let names?):
            return names.map(Self.viewName)
        case .views(nil):
            return (definitions?.repository.featureViews ?? []).map(\.name)
        }
    }

    /// The name of a token as the audit log has it: what cannot be one may be anything.
    private static func tokenNames(_ name: String) -> [String] {
        [AccessToken.problem(ofName: name) == nil ? name : "unknown"]
    }

    private static func viewName(_ name: String) -> String {
        ViewReference(name)?.view ?? name
    }
}

extension DefinitionSnapshot {
    /// The feature views that are read for a view: itself, or what it is computed from.
    fileprivate func viewsRead(for name: String) -> [String] {
        guard let view = self.repository.onDemandFeatureView(name) else { return [name] }
        return view.sources.filter { self.repository.dataSource($0)?.requestSchema == nil }
    }
}
