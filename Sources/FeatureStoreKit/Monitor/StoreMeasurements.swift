package import FeatureModel

/// Whether a store can serve, and how fresh each view is; known without any I/O.
package struct StoreReadiness: Sendable {
    /// One view that is served online.
    package struct View: Sendable {
        /// Its name; `view@v1` for a generation that is not in force.
        package var name: String
        /// Whether rows are there that fit the definition in force.
        package var isLoaded = false
        /// Whether the rows have no event times.
        package var isStatic = false
        /// The newest event that loads or pushes wrote; `nil` for none, and for a static table.
        package var newestEvent: Timestamp?
        /// When the last load was done; `nil` when none was.
        package var lastLoad: Timestamp?

        package init(name: String) {
            self.name = name
        }
    }

    /// Whether the online store is open.
    package var isOpen: Bool
    /// The version of the definitions that calls go by; 0 when nothing was applied yet.
    package var registryVersion: Int
    /// In the order of their definition.
    package var views: [View]
    /// The time that ages are counted from.
    package var now: Timestamp

    package init(isOpen: Bool, registryVersion: Int, views: [View], now: Timestamp) {
        self.isOpen = isOpen
        self.registryVersion = registryVersion
        self.views = views
        self.now = now
    }
}

/// All that a store measures of itself.
package struct StoreMeasurements: Sendable {
    package var readiness: StoreReadiness
    package var activity: StoreActivity
    /// What is pushed and not done yet; `nil` when nothing was pushed that is remembered.
    package var pushes: ProjectStatus.Pushes?
    /// The online store's own numbers; `nil` when it is not open.
    package var store: OnlineStoreMeasurements?

    package init(
        readiness: StoreReadiness,
        activity: StoreActivity = StoreActivity(),
        pushes: ProjectStatus.Pushes? = nil,
        store: OnlineStoreMeasurements? = nil
    ) {
        self.readiness = readiness
        self.activity = activity
        self.pushes = pushes
        self.store = store
    }
}
