extension DefinitionKind {
    /// The key of a definition file that lists objects of this kind: `feature_views`.
    package var listKey: String {
        switch self {
        case .entity: "entities"
        case .dataSource: "data_sources"
        case .featureView: "feature_views"
        case .onDemandFeatureView: "on_demand_feature_views"
        case .featureService: "feature_services"
        }
    }

    /// Several of the kind, as people say it: `feature views`.
    package var plural: String {
        self == .entity ? "entities" : self.title + "s"
    }

    /// The way out for an unknown name of this kind: the nearest names, or the names there are.
    package func wayOut(of name: String, among candidates: [String]) -> String {
        if !nearestNames(to: name, among: candidates).isEmpty {
            return suggestion(for: name, among: candidates, noun: self.title)
        }
        guard !candidates.isEmpty else { return "define it under \"\(self.listKey)\"" }
        let names = Set(candidates).sorted()
        let shown = names.prefix(10).joined(separator: ", ")
        return "the \(self.plural) are: \(shown)" + (names.count > 10 ? ", …" : "")
    }
}
