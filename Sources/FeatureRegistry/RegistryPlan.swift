public import FeatureModel

/// What an apply would do: the way from the definitions that are applied to those of a repository.
public struct RegistryPlan: Hashable, Sendable {
    /// The project's name.
    public var project: String
    /// The version that the plan starts from; applying it to any other is a conflict.
    public var baseVersion: Int
    /// The definitions of that version.
    let base: FeatureRepository
    /// The file of sources that name none, afterwards; `nil` when no source needs it.
    let offlineStorePath: String?
    /// Whether the registry does not know that file yet, though it has sources that need it.
    let isOfflineStoreUnknown: Bool
    /// The definitions that will be applied.
    public var target: FeatureRepository
    /// The generations of the feature views that are there afterwards.
    public var generations: ViewGenerations
    /// The changes: first what is created or changed (entities, data sources, feature views,
    /// feature services, each in the order of the repository), then what is deleted, the other way
    /// round by kind.
    public var changes: [RegistryChange]
    /// What is odd about the repository and its sources, and stops nothing.
    public var warnings: [Diagnostic] = []

    /// The plan that leads from what is applied to a repository.
    ///
    /// - Parameters:
    ///   - snapshot: What is applied.
    ///   - repository: What is to be applied; it has no problems.
    ///   - project: The project's name.
    ///   - offlineStorePath: The file of sources that name none, as written. Where it is another
    ///     than before, they are other sources.
    public init(
        from snapshot: RegistrySnapshot,
        to repository: FeatureRepository,
        project: String,
        offlineStorePath: String? = nil
    ) {
        let path = offlineStorePath.map(plainPath) ?? snapshot.offlineStorePath
        self.offlineStorePath = repository.usesOfflineStore ? path : nil
        self.isOfflineStoreUnknown =
            snapshot.offlineStorePath == nil && self.offlineStorePath != nil
            && snapshot.repository.usesOfflineStore
        var (old, new) = (snapshot, repository)
        if let before = snapshot.offlineStorePath, let path, before != path {
            old = snapshot.naming(offlineStore: before)
            new = repository.naming(offlineStore: path)
        }
        self.project = project
        self.baseVersion = snapshot.version
        self.base = snapshot.repository
        self.target = repository
        let difference = RepositoryDifference(old: old, new: new)
        self.generations = difference.succession.generations
        self.changes = difference.changes()
    }

    /// Whether nothing would change.
    public var isEmpty: Bool { self.changes.isEmpty }

    /// Whether a change drops what holds data or what a service uses.
    public var isDestructive: Bool { self.changes.contains(where: \.isDestructive) }

    /// How many changes there are of one action.
    public func count(of action: RegistryChange.Action) -> Int {
        self.changes.count { $0.action == action }
    }
}

extension RegistryPlan: CustomStringConvertible {
    /// What `plan` and `apply` print: the changes, and a line that counts them.
    public var description: String {
        guard !self.isEmpty else { return Self.nothingText }
        let created = self.count(of: .created)
        let changed = self.count(of: .changed)
        let deleted = self.count(of: .deleted)
        let lines =
            self.changes.map(\.description) + [
                "Plan: \(created) to create, \(changed) to change, \(deleted) to delete."
            ]
        return lines.joined(separator: "\n")
    }
}

extension RegistryPlan {
    /// A plan as data, for programs: `plan --json`.
    public struct Report: Hashable, Codable, Sendable {
        /// The project's name.
        public var project: String
        /// The version that the plan starts from.
        public var baseVersion: Int
        /// How many objects are created.
        public var created: Int
        /// How many objects are changed.
        public var changed: Int
        /// How many objects are deleted.
        public var deleted: Int
        /// Whether a change drops what holds data or what a service uses.
        public var destructive: Bool
        /// The changes, in order.
        public var changes: [RegistryChange]

        private enum CodingKeys: String, CodingKey {
            case project
            case baseVersion = "base_version"
            case created
            case changed
            case deleted
            case destructive
            case changes
        }
    }

    /// What is printed of a plan that would change nothing.
    package static let nothingText = "No changes."

    /// The report of a plan that would change nothing.
    package static func emptyReport(project: String, version: Int) -> Report {
        Report(
            project: project,
            baseVersion: version,
            created: 0,
            changed: 0,
            deleted: 0,
            destructive: false,
            changes: []
        )
    }

    /// The plan as data.
    public var report: Report {
        Report(
            project: self.project,
            baseVersion: self.baseVersion,
            created: self.count(of: .created),
            changed: self.count(of: .changed),
            deleted: self.count(of: .deleted),
            destructive: self.isDestructive,
            changes: self.changes
        )
    }
}
