import FeatureRegistry
import OfflineStores

/// The pushed rows that saved datasets were made from.
///
/// A set that could be made again before a forgetting can be afterwards, too: it then says that it
/// was made from what is left of them.
struct PushedInputs {
    /// The beginning of the history that a set was made from, as it was and still is.
    private struct Same {
        let query: String
        let last: PushLog.HistoryPlace
    }

    /// By dataset, and by the place among its inputs.
    private var same: [String: [Int: Same]] = [:]

    /// None.
    init() {}

    /// Looks which datasets were made from rows that are still there as they were.
    ///
    /// - Complexity: O(history) for each of the sets.
    init(of datasets: SavedDatasetFolder, in log: PushLog) throws(FeatureStoreError) {
        for name in try datasets.names() {
            guard let dataset = try? datasets.manifest(of: name) else { continue }
            for (index, input) in dataset.inputs.enumerated() {
                guard let query = input.query, input.size > 0 else { continue }
                var hash = ContentHash()
                let read = try inOfflineStore { () throws(OfflineStoreError) in
                    try log.readHistory(query, first: input.size) { bytes, _ in hash.add(bytes) }
                }
                guard read.count == input.size, hash.text == input.sha256, let last = read.last
                else { continue }
                self.same[name, default: [:]][index] = Same(query: query, last: last)
            }
        }
    }

    /// What is left of them now.
    func left(in log: PushLog) throws(FeatureStoreError) -> Left {
        var left = Left()
        for (name, inputs) in self.same {
            for (index, input) in inputs {
                var hash = ContentHash()
                let read = try inOfflineStore { () throws(OfflineStoreError) in
                    try log.readHistory(input.query, through: input.last) { bytes, _ in
                        hash.add(bytes)
                    }
                }
                left.inputs[name, default: [:]][index] = (read.count, hash.text)
            }
        }
        return left
    }

    /// What is left of the rows that datasets were made from.
    struct Left {
        fileprivate var inputs: [String: [Int: (size: Int, sha256: String)]] = [:]

        /// The inputs of a dataset as they are now.
        func inputs(of dataset: SavedDataset) -> [SavedDataset.Input] {
            var inputs = dataset.inputs
            for (index, left) in self.inputs[dataset.name] ?? [:] {
                let input = inputs[index]
                inputs[index] = SavedDataset.Input(
                    source: input.source,
                    kind: input.kind,
                    path: input.path,
                    relation: input.relation,
                    size: left.size,
                    sha256: left.sha256
                )
            }
            return inputs
        }
    }
}

extension SavedDataset.Input {
    /// The query, for the history of a push log.
    fileprivate var query: String? {
        self.kind == .query ? self.relation.flatMap { PushLog.isHistory($0) ? $0 : nil } : nil
    }
}
