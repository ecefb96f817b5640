import FeatureModel
import FeatureRegistry

/// The definitions in force at one version of the registry.
struct DefinitionSnapshot: Sendable {
    /// Which state of the registry this is.
    let state: RegistryState
    let project: String
    let repository: FeatureRepository

    init(_ snapshot: RegistrySnapshot, project: String) {
        self.state = snapshot.state
        self.project = snapshot.project.isEmpty ? project : snapshot.project
        self.repository = snapshot.repository
    }

    /// The registry's version; 0 when nothing was applied yet.
    var version: Int { self.state.version }

    /// A feature view as a projection names it, with where its rows come from and its keys.
    ///
    /// - Returns: `nil` when there is no such view, or no such generation of it.
    func feature(
        view projection: FeatureService.Projection
    ) -> (view: FeatureView, source: DataSource, joinKeys: [Entity.JoinKey])? {
        guard projection.version == nil,
            let view = self.repository.featureView(projection.view),
            let source = self.repository.rowSource(of: view)
        else { return nil }
        return (view, source, self.repository.joinKeys(of: view))
    }

    /// All features of the view that a projection names.
    func featureNames(of projection: FeatureService.Projection) -> [String] {
        self.feature(view: projection)?.view.schema.map(\.name)
            ?? self.repository.onDemandFeatureView(projection.view)?.features.map(\.name) ?? []
    }

    /// The end of a message about an unknown name.
    func wayOut(of name: String, among names: [String], noun: String) -> String {
        if self.version == 0 {
            return "nothing was applied yet: run `fstore apply`"
        }
        return suggestion(for: name, among: names, noun: noun)
    }
}
