public import FeatureModel

/// What a collection of garbage removed, or would remove.
public struct GarbageReport: Codable, Hashable, Sendable {
    /// What kind of thing it is.
    public enum Kind: String, Codable, Hashable, Sendable {
        /// A view or generation in the online store that nothing serves.
        case generation
        /// Online rows past their retention.
        case onlineRows = "online_rows"
        /// Rows of the pushed history past their retention.
        case pushedRows = "pushed_rows"
        /// Rejected rows past their retention.
        case rejects
        /// Answers to pushes with an idempotency key, past their retention.
        case answers
        /// Caches of sources that are gone, or that nothing reads.
        case cache
        /// Files that a program that was killed left behind.
        case leftover
    }

    /// Some things of one kind.
    public struct Item: Codable, Hashable, Sendable {
        /// What they are.
        public let kind: Kind
        /// The view or generation, push source or file.
        public let name: String
        /// How many rows, answers or files.
        public let count: Int
        /// How many bytes they take, before compression.
        public let bytes: Int
    }

    /// Whether nothing was removed, and only looked at.
    public let isDryRun: Bool
    /// When.
    public let time: Timestamp
    /// What there was, by kind and name.
    public internal(set) var items: [Item] = []

    init(isDryRun: Bool, time: Timestamp) {
        self.isDryRun = isDryRun
        self.time = time
    }

    /// The bytes of all items.
    public var bytes: Int { self.items.reduce(0) { $0 + $1.bytes } }

    mutating func add(_ kind: Kind, _ name: String, count: Int, bytes: Int) {
        guard count > 0 else { return }
        self.items.append(Item(kind: kind, name: name, count: count, bytes: bytes))
    }
}
