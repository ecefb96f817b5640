import FeatureCompute
import FeatureModel
import OfflineStores

/// How many rows are left of the pushed histories that saved datasets were made from.
struct PushedInputsLeft {
    /// By dataset, and by the place among its inputs.
    private(set) var counts: [String: [Int: Int]] = [:]

    mutating func set(_ dataset: String, input: Int, to count: Int) {
        self.counts[dataset, default: [:]][input] = count
    }
}

extension FeatureStore {
    /// Looks, before pushed rows are removed, which saved datasets were made from them and could be
    /// made again so far: these can be afterwards, too.
    func pushedInputsLeft(
        _ log: PushLog,
        isForgotten: (String, GivenCell) -> Bool,
        hasUse: (String, Bool, Set<String>) -> Bool
    ) throws(FeatureStoreError) -> PushedInputsLeft {
        var left = PushedInputsLeft()
        guard let path = self.sources.pushedInput(of: [""])?.path else { return left }
        for dataset in try self.savedDatasets() {
            for (index, input) in dataset.inputs.enumerated() {
                guard input.kind == .query, input.path == path, let query = input.relation else {
                    continue
                }
                let count = try inOfflineStore { () throws(OfflineStoreError) -> Int? in
                    let measure = try self.measure(SourceInput(input), prefixSize: input.size)
                    let isSame =
                        measure.size == input.size
                        ? measure.hashText == input.sha256 : measure.prefixHash == input.sha256
                    guard isSame else { return nil }
                    return try log.countLeft(
                        of: query,
                        first: input.size,
                        isForgotten: isForgotten,
                        hasUse: hasUse
                    )
                }
                if let count { left.set(dataset.name, input: index, to: count) }
            }
        }
        return left
    }

    /// The inputs of a dataset as they are after rows were removed.
    func inputs(
        of dataset: SavedDataset,
        _ left: PushedInputsLeft
    ) throws(FeatureStoreError) -> [SavedDataset.Input] {
        var inputs = dataset.inputs
        for (index, count) in left.counts[dataset.name] ?? [:] {
            let input = inputs[index]
            let measure = try inOfflineStore { () throws(OfflineStoreError) in
                try self.measure(SourceInput(input), prefixSize: count)
            }
            let hash = measure.size == count ? measure.hashText : measure.prefixHash
            guard let hash else { continue }
            inputs[index] = SavedDataset.Input(
                source: input.source,
                kind: input.kind,
                path: input.path,
                relation: input.relation,
                size: count,
                sha256: hash
            )
        }
        return inputs
    }
}

extension SourceInput {
    fileprivate init(_ input: SavedDataset.Input) {
        self.init(kind: .query, path: input.path, relation: input.relation)
    }
}
