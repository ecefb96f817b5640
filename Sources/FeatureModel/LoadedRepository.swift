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
    /// The names of the feature views whose definition has no `schema`.
    ///
    /// Such a view cannot be applied; a schema can be proposed for it.
    public var viewsWithoutSchema: Set<String>

    /// A repository; relative paths of its definitions are relative to `directory`.
    public init(
        directory: String,
        configuration: ProjectConfiguration,
        repository: FeatureRepository,
        locations: DefinitionLocations = DefinitionLocations(),
        viewsWithoutSchema: Set<String> = []
    ) {
        self.directory = directory
        self.configuration = configuration
        self.repository = repository
        self.locations = locations
        self.viewsWithoutSchema = viewsWithoutSchema
    }
}
