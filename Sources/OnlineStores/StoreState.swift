/// What a store knows of its views, in memory.
struct StoreState: Sendable {
    /// A generation, or a new schema of one, that loads or pushes have begun and none has
    /// committed.
    struct Pending: Sendable {
        var view: StoredView
        /// How many loads and pushes are under way that know of it.
        var writers: Int
    }

    /// A generation that nobody finds any more.
    struct Garbage: Sendable {
        let viewID: UInt32
        /// `nil` as soon as nobody reads the generation.
        weak var lease: GenerationLease?
    }

    /// The project that the store belongs to.
    let project: String
    /// The committed views by name.
    var views: [String: StoredView]
    var pending: [String: Pending] = [:]
    var garbage: [Garbage]
    var nextViewID: UInt32
    /// Whether a view has a schema that the database does not know yet.
    var hasUnsavedSchema = false
    /// Where pushes note their keys for the loads that are under way, by the loads' numbers.
    var journals: [Int: (viewID: UInt32, journal: PushJournal)] = [:]
    var writersBegun = 0
    /// The newest event time, in microseconds, that pushes wrote into a generation.
    var newestPushedEvents: [UInt32: Int64]
    var isCollecting = false

    init(_ catalogue: Catalogue, newestPushedEvents: [UInt32: Int64]) {
        self.newestPushedEvents = newestPushedEvents
        self.project = catalogue.project
        self.views = [:]
        for view in catalogue.views {
            self.views[view.name] = view
        }
        self.garbage = catalogue.garbage.map { Garbage(viewID: $0, lease: nil) }
        self.nextViewID = catalogue.nextViewID
    }

    /// The state as it is stored.
    var catalogue: Catalogue {
        Catalogue(
            project: self.project,
            nextViewID: self.nextViewID,
            garbage: self.garbage.map(\.viewID),
            views: self.views.values
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        )
    }

    /// Replaces a view, or removes it; the generation that goes becomes garbage.
    mutating func setView(_ view: StoredView?, named name: String) {
        if let old = self.views[name], old.viewID != view?.viewID {
            self.garbage.append(Garbage(viewID: old.viewID, lease: old.lease))
            self.newestPushedEvents[old.viewID] = nil
        }
        self.views[name] = view
    }
}
