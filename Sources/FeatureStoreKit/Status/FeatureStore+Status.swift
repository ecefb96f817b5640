public import FeatureRegistry
import OnlineStores

extension FeatureStore {
    /// What is applied, what is loaded, and how fresh it is.
    ///
    /// - Throws: ``FeatureStoreError``; `conflict` when another process has the online store open.
    public func status() throws(FeatureStoreError) -> ProjectStatus {
        let applied = try self.appliedRegistry()
        let repository = applied.repository
        // An online store that nobody made yet is not made by asking for it.
        let isThere = self.isOnlineOpen || fileExists(self.paths.online)
        let store = isThere ? try self.online().store : nil
        return ProjectStatus(
            project: self.configuration.project,
            registryVersion: applied.version,
            appliedAt: applied.appliedAt,
            entities: repository.entities.count,
            dataSources: repository.dataSources.count,
            featureServices: repository.featureServices.count,
            featureViews: DefinitionSnapshot(
                applied,
                project: self.configuration.project,
                functions: self.functions
            )
            .liveGenerations.map { ProjectStatus.View($0, store: store) },
            pushes: try self.pushStatus(),
            now: self.now()
        )
    }

    /// The definitions in force, as the registry has them now.
    public func appliedRegistry() throws(FeatureStoreError) -> RegistrySnapshot {
        try self.completeRestore()
        do {
            return try self.registry.snapshot()
        } catch {
            throw FeatureStoreError(error)
        }
    }

    /// All versions of the registry, oldest first.
    public func registryHistory() throws(FeatureStoreError) -> [RegistryVersion] {
        do {
            return try self.registry.history()
        } catch {
            throw FeatureStoreError(error)
        }
    }
}

extension ProjectStatus.View {
    fileprivate init(_ live: LiveGeneration, store: RocksDBOnlineStore?) {
        let generation = live.generation
        self.init(
            name: live.name,
            generation: generation.number,
            pinnedBy: live.services,
            online: generation.view.online
        )
        guard let stored = store?.view(named: generation.storedName) else {
            if generation.number > 1, self.online {
                self.problem =
                    "generation \(generation.number) was not loaded yet, and rows of earlier ones "
                    + "do not fit it; materialize it"
            }
            return
        }
        self.loaded = stored.isCompatible(with: OnlineViewDescription(generation))
        if !self.loaded {
            self.problem =
                "its keys, types or source changed after it was loaded; materialize it again"
        }
        guard let record = stored.loadRecord else { return }
        self.lastLoad = record.finishedAt
        self.loadedUpTo = record.windowEnd
        self.newestEventTime = record.newestEventTime
        self.rowsRead = record.rowsRead
        self.keysWritten = record.keysWritten
        self.stale = record.stale
        self.bad = record.bad
    }
}
