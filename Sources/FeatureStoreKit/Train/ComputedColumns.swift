import FeatureCompute
import FeatureModel
import OfflineStores

/// The on-demand features of a training set.
struct ComputedColumns: Sendable {
    /// One for each computation of the resolution, `[rows]` values each.
    private(set) var columns: [ComputedColumn] = []
    /// The request data that could not be read, by column.
    private(set) var unreadable: [EntityRows.Unreadable] = []

    /// Nothing computed.
    init() {}

    /// Computes what was resolved from what was joined and from the columns of the entity rows.
    ///
    /// - Throws: `invalidArgument` for what cannot be computed at all; with `strict` also
    ///   `invalidData` for request data that cannot be read and for rows that cannot be computed.
    init(
        _ resolution: FeatureResolution,
        _ result: HistoricalJoin.Result,
        rows: EntityRows,
        strict: Bool,
        evaluator: OnDemandEvaluator
    ) throws(FeatureStoreError) {
        var requestColumns: [Column] = []
        for field in resolution.requestFields {
            do {
                let (column, unreadable) = try rows.column(of: field, strict: strict)
                requestColumns.append(column)
                if let unreadable { self.unreadable.append(unreadable) }
            } catch {
                throw FeatureStoreError(error)
            }
        }
        for computation in resolution.computations {
            let inputs = computation.inputs.map { input in
                switch input {
                case .feature(let cell): result.views[cell.view].columns[cell.position]
                case .request(let index): requestColumns[index]
                }
            }
            let computed = try evaluator.values(
                of: computation.computed,
                inputs: inputs,
                rowCount: rows.table.rowCount
            )
            if strict,
                let warning = computed.warning(
                    feature: computation.computed.feature.name,
                    view: computation.computed.view
                )
            {
                throw FeatureStoreError(code: .invalidData, message: "\(warning) (strict)")
            }
            self.columns.append(computed)
        }
    }
}

extension ComputedColumn {
    /// What to say about rows that could not be computed, if there are any.
    func warning(feature: String, view: String) -> String? {
        guard let first = self.firstFailure else { return nil }
        return "on-demand feature view \"\(view)\": \(feature) cannot be computed for "
            + "\(self.failures) of \(countedNoun(self.column.count, "row")) and is null there, "
            + "such as entity row "
            + "\(first.row + 1): \(first.reason)"
    }
}
