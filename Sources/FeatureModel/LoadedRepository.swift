/// A feature repository as it was read from its files: what it defines, and where it is written.
public struct LoadedRepository: Sendable {
    /// The absolute path of the directory that holds `feature_store.yaml`.
    public var directory: String
    /// What `feature_store.yaml` says.
    public var configuration: ProjectConfiguration
    /// The definitions.
    public var repository: FeatureRepository
    /// Where each part of a definition is written; empty for definitions that were made in code.
    public var locations: DefinitionLocations

    /// A repository; relative paths of its definitions are relative to `directory`.
    public init(
        directory: String,
        configuration: ProjectConfiguration,
        repository: FeatureRepository,
        locations: DefinitionLocations = DefinitionLocations()
    ) {
        self.directory = directory
        self.configuration = configuration
        self.repository = repository
        self.locations = locations
    }
}
