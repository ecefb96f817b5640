import FeatureModel
import OfflineStores

/// How a training set is made: what is read of each view's source, how, and why so.
public struct TrainingSetPlan: Codable, Hashable, Sendable {
    /// One view.
    public struct View: Codable, Hashable, Sendable {
        /// The view.
        public let name: String
        /// `scan` when every row is read, `seek` when rows are looked up.
        public let path: String
        /// What is read, and by what.
        public let source: String
        /// Why it is this way and no other.
        public let reason: String
        /// The other views that are read in the same scan.
        public let readWith: [String]
        /// How many different keys the entity rows have.
        public let keys: Int
        /// How many different pairs of key and time they have: as many rows of the source are held.
        public let slots: Int
        /// The earliest event time that can matter; `nil` for the beginning.
        public let from: String?
        /// The latest event time that can matter; `nil` for a source without times.
        public let to: String?
        /// How many features are held.
        public let features: Int
        /// Rows that were looked at; `nil` before the run, as are the others.
        public internal(set) var rowsRead: Int?
        /// Rows that a slot could want.
        public internal(set) var rowsKept: Int?
        /// How long reading took, with the other views of the scan.
        public internal(set) var seconds: Double?
    }

    /// How many entity rows there are.
    public let rows: Int
    /// About how many bytes entity rows and features take at a time.
    public let bytes: Int
    /// How many parts the entity rows are joined in; the sources are read once for each.
    public let parts: Int
    /// The most bytes that they may take; `nil` for no limit.
    public let memoryLimit: Int?
    /// The views, in the order of the training set.
    public internal(set) var views: [View]

    init(
        _ join: PreparedJoin,
        _ rows: EntityRows,
        _ resolution: FeatureResolution,
        _ options: HistoricalFeaturesOptions,
        partSize: Int?
    ) {
        let rowCount = rows.table.rowCount
        let size = partSize ?? rowCount
        self.rows = rowCount
        self.bytes = join.fixedSize + join.size(ofRows: size)
        self.parts = size == 0 ? 1 : (rowCount + size - 1) / size
        self.memoryLimit = options.memoryLimit
        self.views = zip(resolution.views, join.plans).map { wanted, plan in
            View(
                name: wanted.name,
                path: plan.path.kind.rawValue,
                source: plan.path.title,
                reason: plan.path.reason,
                readWith: plan.readWith,
                keys: plan.keys,
                slots: plan.slots,
                from: plan.window?.from?.description,
                to: plan.window?.to.description,
                features: plan.features
            )
        }
    }

    /// The plan with the numbers of the run.
    func run(_ result: HistoricalJoin.Result) -> TrainingSetPlan {
        var plan = self
        for (index, view) in result.views.enumerated() {
            plan.views[index].rowsRead = view.report.rowsRead
            plan.views[index].rowsKept = view.report.rowsKept
            plan.views[index].seconds = view.seconds
        }
        return plan
    }

    /// What to say when the set is larger than the limit and cannot be made in parts.
    func doesNotFit(because reason: String) -> FeatureStoreError {
        FeatureStoreError(
            code: .invalidArgument,
            message: "the training set takes about \(SizeText.text(bytes: self.bytes)), more "
                + "than the memory limit of \(SizeText.text(bytes: self.memoryLimit ?? 0)), and is "
                + "not made in parts, for \(reason); write it to a .csv or .jsonl file without "
                + "features computed on demand, or give a higher limit"
        )
    }
}
