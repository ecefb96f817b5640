import FeatureModel
import OnlineStores
import Synchronization

extension FeatureStore {
    /// Whether the store can serve, and how fresh each view is.
    ///
    /// - Complexity: O(views), without any I/O.
    package var readiness: StoreReadiness {
        let definitions = self.knownDefinitions
        let store = self.openedStore
        let live = (definitions?.liveGenerations ?? []).filter(\.generation.view.online)
        return StoreReadiness(
            isOpen: store != nil,
            registryVersion: definitions?.version ?? 0,
            views: live.map { StoreReadiness.View($0, store: store) },
            now: self.now()
        )
    }

    /// All that the store measures of itself.
    ///
    /// - Throws: ``FeatureStoreError`` when the log of pushes cannot be read.
    package func measurements() throws(FeatureStoreError) -> StoreMeasurements {
        StoreMeasurements(
            readiness: self.readiness,
            activity: self.activity.withLock { $0 },
            pushes: try self.pushStatus(),
            store: self.openedStore?.measurements
        )
    }
}

extension StoreReadiness.View {
    fileprivate init(_ live: LiveGeneration, store: RocksDBOnlineStore?) {
        self.init(name: live.name)
        let generation = live.generation
        guard let store, let stored = store.view(named: generation.storedName),
            stored.isCompatible(with: OnlineViewDescription(generation))
        else { return }
        self.isLoaded = true
        self.lastLoad = stored.loadRecord?.finishedAt
        // The rows of a static table are valid at all times.
        self.isStatic = generation.source.isStatic
        if !self.isStatic { self.newestEvent = store.newestEvent(of: stored) }
    }
}
