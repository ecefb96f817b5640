import FeatureCompute
import FeatureModel
import OnlineStores

/// Compares one view's online values with a training set of all its keys.
struct ViewComparison {
    /// How many entity rows one read asks for.
    private static let readSize = 1_000
    /// How many differences are told one by one.
    private static let maximumSamples = 10

    /// What has been found.
    struct Result {
        var report: VerificationReport.View
        /// Keys of the history that have an online row.
        var keysFound = 0
    }

    /// The generation of the view.
    let generation: FeatureViewGeneration

    /// All features of the view.
    var selection: FeatureSelection {
        .features(self.generation.view.schema.map { "\(self.generation.reference):\($0.name)" })
    }

    /// Compares every value.
    ///
    /// - Parameters:
    ///   - table: The training set: keys, time, features, as ``FeatureStore`` makes it.
    ///   - keyNames: The join keys of the view.
    ///   - result: Gets the counts and the first differences.
    ///   - read: Reads online.
    /// - Throws: What reading throws.
    func compare(
        _ table: Table,
        keyNames: [String],
        into result: inout Result,
        read: (OnlineFeaturesRequest) throws(FeatureStoreError) -> OnlineFeatures
    ) throws(FeatureStoreError) {
        result.report.keys = table.rowCount
        var start = 0
        while start < table.rowCount {
            let rows = start..<min(start + Self.readSize, table.rowCount)
            let entities = keyNames.compactMap { name in
                table[name].map { column in
                    OnlineFeaturesRequest.EntityColumn(
                        name: name,
                        values: rows.map { column[$0].asID }
                    )
                }
            }
            let answer = try read(
                OnlineFeaturesRequest(selection: self.selection, entities: entities)
            )
            self.compare(table, keyNames: keyNames, rows: rows, with: answer, into: &result)
            start = rows.upperBound
        }
    }

    private func compare(
        _ table: Table,
        keyNames: [String],
        rows: Range<Int>,
        with answer: OnlineFeatures,
        into result: inout Result
    ) {
        for (position, row) in rows.enumerated() {
            let isFound = answer.features.contains { $0.statuses[position] != .notFound }
            var differs = false
            result.keysFound += isFound ? 1 : 0
            for feature in answer.features {
                guard let column = table[feature.name] else { continue }
                let offline = column[row]
                let online = feature.values[position]
                result.report.values += 1
                guard !offline.isSame(as: online) else { continue }
                differs = true
                result.report.different += 1
                guard result.report.samples.count < Self.maximumSamples else { continue }
                result.report.samples.append(
                    VerificationReport.Difference(
                        entity: keyNames.map { name in
                            "\(name)=\(table[name]?[row].shortText ?? "")"
                        },
                        feature: feature.name,
                        offline: offline.shortText,
                        online: online.shortText
                    )
                )
            }
            if differs, !isFound {
                result.report.missing += 1
            }
        }
    }
}

extension OnlineReader {
    /// How many rows a view has whose event time is not after `time`; damaged ones are an error.
    func rowCount(
        of generation: FeatureViewGeneration,
        until time: Timestamp
    ) throws(FeatureStoreError) -> Int {
        let description = OnlineViewDescription(generation)
        guard let stored = self.store.storedView(matching: description) else { return 0 }
        var count = 0
        var failure: OnlineStoreError?
        do {
            try self.store.iterate(stored) { _, row in
                do throws(OnlineStoreError) {
                    count += try RowHeader(row).eventTime <= time.microseconds ? 1 : 0
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
        } catch {
            throw FeatureStoreError(error)
        }
        if let failure { throw FeatureStoreError(failure) }
        return count
    }
}

extension Value {
    /// Whether both are the same value, a NaN being one, and texts letter for letter.
    fileprivate func isSame(as other: Value) -> Bool {
        if case .string(let left) = self, case .string(let right) = other {
            return left.utf8.elementsEqual(right.utf8)
        }
        if case .float(let left) = self, case .float(let right) = other {
            return left.bitPattern == right.bitPattern || left.isNaN && right.isNaN
        }
        return self == other
    }

    /// The value as a request gives it for a key.
    fileprivate var asID: Value {
        if case .timestamp(let time) = self { return .string(time.description) }
        return self
    }
}
