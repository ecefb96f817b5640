/// What is applied, what is loaded, and how fresh it is.
public struct ProjectStatus: Codable, Hashable, Sendable {
    /// One feature view.
    public struct View: Codable, Hashable, Sendable {
        /// The view's name; `view@v1` for a generation that is not in force.
        public let name: String
        /// The generation's number.
        public let generation: Int
        /// The services that pin the generation, when it is not in force.
        public let pinnedBy: [String]
        /// Whether the view is served online.
        public let online: Bool
        /// Whether rows are there that fit the definition in force.
        public internal(set) var loaded = false
        /// Why a view that was loaded is not served; `nil` when it is.
        public internal(set) var problem: String?
        /// When the last load was done.
        public internal(set) var lastLoad: Timestamp?
        /// The last event time that the last load asked for.
        public internal(set) var loadedUpTo: Timestamp?
        /// The newest event time that the last load read.
        public internal(set) var newestEventTime: Timestamp?
        /// Rows that the last load read.
        public internal(set) var rowsRead: Int?
        /// Keys that the last load wrote.
        public internal(set) var keysWritten: Int?
        /// Keys for which the store had a newer row than the last load.
        public internal(set) var stale: Int?
        /// Bad rows that the last load left out.
        public internal(set) var bad: Int?

        init(name: String, generation: Int, pinnedBy: [String], online: Bool) {
            self.name = name
            self.generation = generation
            self.pinnedBy = pinnedBy
            self.online = online
        }
    }

    /// What was pushed and is remembered: pushes to history, with an idempotency key, with rejects,
    /// or with rows whose time is still to come.
    public struct Pushes: Codable, Hashable, Sendable {
        /// How many there were.
        public let count: Int
        /// When the last one was.
        public let lastPush: Timestamp?
        /// How many have not reached the online store yet.
        public let pending: Int
        /// The rejected rows that are kept.
        public let rejects: Int
        /// How many rows are not served yet, because their time is still to come.
        public let waiting: Int
    }

    /// The project.
    public let project: String
    /// The registry's version; 0 when nothing was applied yet.
    public let registryVersion: Int
    /// When it was applied.
    public let appliedAt: Timestamp?
    /// How many entities there are.
    public let entities: Int
    /// How many data sources there are.
    public let dataSources: Int
    /// How many feature services there are.
    public let featureServices: Int
    /// The feature views, in the order of their definition; before each its earlier generations
    /// that services pin.
    public let featureViews: [View]
    /// What was pushed; `nil` when nothing was that is remembered.
    public let pushes: Pushes?
    /// The time of this status.
    public let now: Timestamp
}
