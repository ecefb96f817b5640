public import FeatureModel
import FeatureRegistry

/// One generation in the history of a feature view's name.
public struct ViewVersion: Codable, Hashable, Sendable {
    /// Whether a generation is served.
    public enum State: String, Codable, Sendable {
        /// It is what the view's name alone means.
        case inForce = "in_force"
        /// Another one is in force, and services pin it.
        case pinned
        /// It is not served any more.
        case gone
    }

    private enum CodingKeys: String, CodingKey {
        case generation
        case registryVersion = "registry_version"
        case appliedAt = "applied_at"
        case appliedBy = "applied_by"
        case change
        case state
        case pinnedBy = "pinned_by"
    }

    /// The number, from 1.
    public let generation: Int
    /// The version of the registry that began it.
    public let registryVersion: Int
    /// When that was applied.
    public let appliedAt: Timestamp
    /// Who applied it; empty when it is not known.
    public let appliedBy: String
    /// What changed: `drops feature "temp"`.
    public let change: String
    /// Whether it is served.
    public let state: State
    /// The services that pin it.
    public let pinnedBy: [String]
}

extension FeatureStore {
    /// The generations that views of a name had, oldest first.
    ///
    /// - Throws: ``FeatureStoreError``: `featureViewNotFound` when there never was one.
    public func viewVersions(of name: String) throws(FeatureStoreError) -> [ViewVersion] {
        let registry = try self.appliedRegistry()
        var versions: [ViewVersion] = []
        for version in try self.registryHistory() {
            for change in version.changes where change.kind == .featureView && change.name == name {
                let isFirst = versions.isEmpty && change.action == .created
                guard let number = change.generation?.number ?? (isFirst ? 1 : nil) else {
                    continue
                }
                let pinned = registry.services(pinning: name, version: number)
                let isInForce =
                    registry.generationInForce(of: name)?.number == number
                versions.append(
                    ViewVersion(
                        generation: number,
                        registryVersion: version.version,
                        appliedAt: version.appliedAt,
                        appliedBy: version.appliedBy,
                        change: change.beginning,
                        state: isInForce ? .inForce : pinned.isEmpty ? .gone : .pinned,
                        pinnedBy: pinned
                    )
                )
            }
        }
        guard !versions.isEmpty else {
            let snapshot = DefinitionSnapshot(
                registry,
                project: self.configuration.project,
                functions: self.functions
            )
            var problems = Problems()
            problems.addUnknownView(name, in: snapshot, withOnDemandViews: false)
            try problems.check()
            return []
        }
        return versions
    }
}

extension RegistryChange {
    /// Why the generation began that the change starts.
    fileprivate var beginning: String {
        guard let reasons = self.generation?.reasons else { return "the view is new" }
        return reasons.isEmpty
            ? "there was a view of this name before" : reasons.joined(separator: ", ")
    }
}
