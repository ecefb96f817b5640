import FeatureCompute
import OfflineStores
import OnlineStores

/// Encodes batches of a source's rows for a load, where they are read.
struct BatchEncoder: Sendable {
    private let encoder: LoadPartEncoder
    /// For each component of a key, the index of its column.
    private let keyOrder: [Int]

    init(keys: EntityKeyEncoder, layout: RowLayout) {
        self.encoder = LoadPartEncoder(keys: keys, layout: layout)
        self.keyOrder = keys.order
    }

    /// What a batch is to a load.
    enum Part: Sendable {
        case rows(LoadPart)
        /// Rows that say nothing.
        case unusable(UnusableRows)
    }

    /// The keys and rows of a batch.
    func part(_ batch: SourceBatch) throws(OnlineStoreError) -> Part {
        let rows = self.rows(batch)
        guard !batch.isUnusable else { return .unusable(try self.encoder.unusable(rows)) }
        return .rows(try self.encoder.part(rows))
    }

    private func rows(_ batch: SourceBatch) -> LoadRows {
        // Without a created column the rows of one event time are told apart by their order alone,
        // so that loading the same rows again changes nothing. Rows of a static table have one
        // event time for all, so that neither the clock nor the number of loads makes a difference.
        // What was known from the beginning is written as what says nothing, so that a row is the
        // same whether its source has a push source or not.
        LoadRows(
            keys: self.keyOrder.map { LoadColumn(batch.keyColumns[$0]) },
            fields: batch.features.map { LoadColumn($0) },
            eventTimes: batch.times,
            writeTimes: batch.created?.map { $0 == knownFromTheBeginning ? .min : $0 }
        )
    }
}

extension LoadColumn {
    fileprivate init(_ column: Column) {
        let values: Values =
            switch column.storage {
            case .integers(let values): .integers(values)
            case .floats(let values): .floats(values)
            case .bytes(let storage): .bytes(storage.bytes, ends: storage.ends)
            }
        self.init(values, nullWords: column.nulls?.words)
    }
}
