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

    /// The end of a message about an unknown name.
    func wayOut(of name: String, among names: [String], noun: String) -> String {
        if self.version == 0 {
            return "nothing was applied yet: run `fstore apply`"
        }
        return suggestion(for: name, among: names, noun: noun)
    }
}
