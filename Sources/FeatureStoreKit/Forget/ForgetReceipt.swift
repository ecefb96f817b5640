public import FeatureModel
import OfflineStores

/// What a forgetting removed; without the ids.
///
/// This is also a line of the file `forgotten.jsonl` beside the registry.
public struct ForgetReceipt: Codable, Hashable, Sendable {
    /// What stands for an id from now on.
    public struct Tombstone: Codable, Hashable, Sendable {
        /// The join key.
        public let joinKey: String
        /// HMAC-SHA-256 of the id under the project's secret, in hexadecimal.
        public let hash: String
        /// A few bits of another keyed hash of it.
        public let sieve: Int
    }

    /// How many rows something has.
    public struct Count: Codable, Hashable, Sendable {
        /// The view or generation, dataset or source.
        public let name: String
        /// The rows.
        public let rows: Int
    }

    /// The version of this format.
    public var format = 1
    /// Whether all is removed; a line that says no is written before anything is.
    public internal(set) var isDone: Bool
    /// Whether nothing was removed, and only looked at.
    public internal(set) var isDryRun = false
    /// The time of the forgetting: older rows do not count any more.
    public let time: Timestamp
    /// What was forgotten.
    public internal(set) var tombstones: [Tombstone]
    /// Online rows, by view or generation.
    public internal(set) var online: [Count] = []
    /// Pushed rows, of the history and of those that wait.
    public internal(set) var pushedRows = 0
    /// Rejected rows.
    public internal(set) var rejects = 0
    /// Answers to pushes with an idempotency key.
    public internal(set) var answers = 0
    /// Rows of saved datasets: of the sets and of their entity rows.
    public internal(set) var savedDatasets: [Count] = []
    /// Caches of sources; they are made anew when they are needed.
    public internal(set) var caches = 0
    /// The sources that have rows of the entities still: they are their owner's, and stay, and the
    /// rows do not count.
    public internal(set) var sources: [Count] = []

    init(time: Timestamp, tombstones: [Tombstone] = []) {
        self.isDone = false
        self.time = time
        self.tombstones = tombstones
    }

    /// Whether nothing of the entities was there.
    public var isEmpty: Bool {
        self.online.isEmpty && self.pushedRows == 0 && self.rejects == 0 && self.answers == 0
            && self.savedDatasets.isEmpty
    }
}

extension ForgetReceipt.Tombstone {
    init(_ tombstone: OfflineStores.Tombstone) {
        self.init(
            joinKey: tombstone.joinKey,
            hash: tombstone.hash,
            sieve: Int(tombstone.sieve)
        )
    }
}
