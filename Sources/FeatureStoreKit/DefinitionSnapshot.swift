import FeatureModel
import FeatureRegistry

/// The definitions in force at one version of the registry.
struct DefinitionSnapshot: Sendable {
    let version: Int
    let project: String
    let repository: FeatureRepository

    init(_ snapshot: RegistrySnapshot, project: String) {
        self.version = snapshot.version
        self.project = snapshot.project.isEmpty ? project : snapshot.project
        self.repository = snapshot.repository
    }

    /// The end of a message about an unknown name.
    func wayOut(of name: String, among names: [String], noun: String) -> String {
        if self.version == 0 {
            return "nothing was applied yet: run `fstore apply`"
        }
        return suggestion(for: name, among: names, noun: noun)
    }
}
