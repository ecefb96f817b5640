public import FeatureModel

/// The definitions that are applied, as of one version.
public struct RegistrySnapshot: Hashable, Sendable {
    /// The version: 0 before the first apply, then one more for each apply that changed something.
    public var version: Int
    /// The project's name; empty in version 0.
    public var project: String
    /// When the version was applied; `nil` in version 0.
    public var appliedAt: Timestamp?
    /// The definitions, in the order of the repository that was applied.
    public var repository: FeatureRepository
    /// The generations of the feature views.
    public var generations: ViewGenerations
    /// The file of sources that name none, as it was written when the version was applied; `nil`
    /// when no source needs it, or when an earlier release applied it, which did not note it.
    package var offlineStorePath: String?

    /// A snapshot; by default that of a registry to which nothing was applied yet.
    public init(
        version: Int = 0,
        project: String = "",
        appliedAt: Timestamp? = nil,
        repository: FeatureRepository = FeatureRepository(),
        generations: ViewGenerations = ViewGenerations()
    ) {
        self.version = version
        self.project = project
        self.appliedAt = appliedAt
        self.repository = repository
        self.generations = generations
    }
}

/// Tells one state of a registry from any other, also from that of a registry that was made anew.
package struct RegistryState: Hashable, Codable, Sendable {
    /// The newest version; 0 when nothing was applied yet.
    package let version: Int
    /// When it was applied.
    package let appliedAt: Timestamp?
}

extension RegistrySnapshot {
    /// The state that the snapshot shows.
    package var state: RegistryState {
        RegistryState(version: self.version, appliedAt: self.appliedAt)
    }
}

/// One version of a registry: who made it, when, and what it changed.
public struct RegistryVersion: Hashable, Codable, Sendable {
    private enum CodingKeys: String, CodingKey {
        case version
        case project
        case appliedAt = "applied_at"
        case appliedBy = "applied_by"
        case changes
    }

    /// The number, from 1.
    public var version: Int
    /// The project's name.
    public var project: String
    /// When it was applied.
    public var appliedAt: Timestamp
    /// The name of the user who applied it; empty when it is not known.
    public var appliedBy: String
    /// What it changed, in the order of the plan.
    public var changes: [RegistryChange]

    /// A version.
    public init(
        version: Int,
        project: String,
        appliedAt: Timestamp,
        appliedBy: String,
        changes: [RegistryChange]
    ) {
        self.version = version
        self.project = project
        self.appliedAt = appliedAt
        self.appliedBy = appliedBy
        self.changes = changes
    }
}
