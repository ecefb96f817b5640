import FeatureCompute
import FeatureModel
import OfflineStores

extension FeatureStore {
    /// Makes a training set and writes it; with a memory limit in as many parts as it takes.
    ///
    /// With ``HistoricalFeaturesOptions/memoryLimit`` a set that does not fit is made in ranges of
    /// the entity rows, each written when it is there, and the sources are read once for each. The
    /// bytes and the report are the same. Only text is written in parts (CSV, JSON Lines), and only
    /// without features that are computed on demand.
    ///
    /// - Parameters: See ``historicalFeatures(_:entities:options:progress:)`` and
    ///   ``TrainingSet/write(to:)``.
    /// - Returns: How the features were found.
    /// - Throws: ``FeatureStoreError``; before any source is read when the limit is too small.
    public func writeHistoricalFeatures(
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions = HistoricalFeaturesOptions(),
        to destination: TrainingSetDestination,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> TrainingSetReport {
        guard let limit = options.memoryLimit else {
            let set = try self.historicalFeatures(
                features,
                entities: entities,
                options: options,
                progress: progress
            )
            try set.write(to: destination)
            return set.report
        }
        let began = ContinuousClock.now
        let resolution = try FeatureResolution(
            features,
            in: try self.appliedSnapshot(),
            fullFeatureNames: options.fullFeatureNames
        )
        let entityRows = try self.entityRows(
            entities,
            for: resolution,
            options: options,
            progress: progress
        )
        try resolution.check(columns: entityRows.rows.table.columnNames)
        let join = try self.prepared(resolution, entityRows.rows, options)
        let partSize: Int?
        do { partSize = try join.partSize(within: limit) } catch { throw FeatureStoreError(error) }
        let resolved = try destination.resolved()
        guard let partSize else {
            let set = try self.trainingSet(
                of: resolution,
                for: entityRows,
                options: options,
                join: join,
                began: began,
                progress: progress
            )
            try set.write(to: destination)
            return set.report
        }
        let whole = TrainingSetPlan(join, entityRows.rows, resolution, options, partSize: nil)
        if case .sqlite = resolved { throw whole.doesNotFit(because: "a table is written at once") }
        guard resolution.computations.isEmpty else {
            throw whole.doesNotFit(because: "features are computed on demand")
        }
        let plan = TrainingSetPlan(join, entityRows.rows, resolution, options, partSize: partSize)
        options.explain?(plan)
        let result = try Self.write(
            join,
            entityRows.rows,
            resolution,
            partSize: partSize,
            to: resolved,
            progress: progress
        )
        var report = TrainingSetReport(
            result,
            rows: entityRows.rows,
            resolution: resolution,
            computed: ComputedColumns()
        )
        report.generated = entityRows.generated
        if options.explain != nil { report.plan = plan.run(result) }
        report.seconds = secondsSince(began)
        return report
    }

    /// Joins and writes range after range.
    ///
    /// - Returns: What was found for all rows, without the features.
    private static func write(
        _ join: PreparedJoin,
        _ rows: EntityRows,
        _ resolution: FeatureResolution,
        partSize: Int,
        to destination: TableDestination,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)?
    ) throws(FeatureStoreError) -> HistoricalJoin.Result {
        let rowCount = rows.table.rowCount
        var all: HistoricalJoin.Result?
        let makePart = { (number: Int) throws(FeatureStoreError) -> Table? in
            let start = number * partSize
            guard start < rowCount else { return nil }
            let range = start..<min(start + partSize, rowCount)
            let part: HistoricalJoin.Result
            do throws(OfflineStoreError) {
                part = try join.run(range, progress: scanProgress(progress))
            } catch {
                throw FeatureStoreError(error)
            }
            if all == nil {
                all = part.withoutColumns
            } else {
                all?.add(part)
            }
            return Table(
                part,
                rows: rows,
                range: range,
                resolution: resolution,
                computed: ComputedColumns()
            )
        }
        try TableWriter.write(
            to: destination,
            mapping: { FeatureStoreError($0) },
            parts: makePart
        )
        guard let all else { preconditionFailure("a set in parts has rows") }
        return all
    }
}
