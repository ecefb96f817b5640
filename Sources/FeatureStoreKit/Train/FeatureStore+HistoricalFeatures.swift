import FeatureCompute
import FeatureModel
import OfflineStores

extension FeatureStore {
    /// A training set: for each entity row, the features as they were known at the row's time.
    ///
    /// A row of a view qualifies when `entity time - ttl <= event time <= entity time`; the newest
    /// wins, then the greatest created time, then the last in source order. Every entity row comes
    /// out once, in order, whether anything was found for it or not.
    ///
    /// - Parameters:
    ///   - features: References such as `view:feature`, or a service.
    ///   - entities: The entity rows: the join keys of all views, the time, and anything else,
    ///     which comes out unchanged; or the keys that the views have.
    ///   - options: See ``HistoricalFeaturesOptions``.
    ///   - progress: Called after each batch of rows of a source.
    /// - Returns: The entity columns and one column per feature, `[rows]` each.
    /// - Throws: ``FeatureStoreError``: unknown names, a collision of names, a missing column, a
    ///   source that cannot be read; with `strict` also unreadable rows and cells.
    /// - Complexity: One pass over each source, or look-ups by an index; memory for the entity rows
    ///   and their features.
    public func historicalFeatures(
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions = HistoricalFeaturesOptions(),
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> TrainingSet {
        let began = ContinuousClock.now
        let resolution = try FeatureResolution(
            features,
            in: try self.appliedSnapshot(),
            fullFeatureNames: options.fullFeatureNames
        )
        let rows = try self.entityRows(
            entities,
            for: resolution,
            options: options,
            progress: progress
        )
        return try self.trainingSet(
            of: resolution,
            for: rows,
            options: options,
            began: began,
            progress: progress
        )
    }

    /// Looks how entity rows will be joined with what a selection resolved to.
    func prepared(
        _ resolution: FeatureResolution,
        _ rows: EntityRows,
        _ options: HistoricalFeaturesOptions
    ) throws(FeatureStoreError) -> PreparedJoin {
        do {
            return try PreparedJoin(
                HistoricalJoin(reader: self.sources, strict: options.strict),
                rows,
                views: resolution.joinViews(options: options)
            )
        } catch {
            throw FeatureStoreError(error)
        }
    }

    /// Joins entity rows with what a selection resolved to.
    func trainingSet(
        of resolution: FeatureResolution,
        for entities: ResolvedEntityRows,
        options: HistoricalFeaturesOptions,
        join prepared: PreparedJoin? = nil,
        began: ContinuousClock.Instant = .now,
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> TrainingSet {
        let rows = entities.rows
        try resolution.check(columns: rows.table.columnNames)
        let join: PreparedJoin
        if let prepared {
            join = prepared
        } else {
            join = try self.prepared(resolution, rows, options)
        }
        let plan = TrainingSetPlan(join, rows, resolution, options, partSize: nil)
        if let limit = options.memoryLimit, plan.bytes > limit {
            throw plan.doesNotFit(because: "the set is held as a whole")
        }
        options.explain?(plan)
        let result: HistoricalJoin.Result
        do {
            result = try join.run(progress: scanProgress(progress))
        } catch {
            throw FeatureStoreError(error)
        }
        let computed = try ComputedColumns(
            resolution,
            result,
            rows: rows,
            strict: options.strict,
            evaluator: self.evaluator
        )
        var report = TrainingSetReport(
            result,
            rows: rows,
            resolution: resolution,
            computed: computed
        )
        report.generated = entities.generated
        if entities.generated?.keys == 0 {
            report.warnings.append(
                "the training set is empty: no view has a row with an event time in these dates"
            )
        }
        if options.explain != nil { report.plan = plan.run(result) }
        report.seconds = secondsSince(began)
        return TrainingSet(
            table: Table(result, rows: rows, resolution: resolution, computed: computed),
            report: report
        )
    }
}

/// How long ago something began.
func secondsSince(_ began: ContinuousClock.Instant) -> Double {
    let elapsed = (ContinuousClock.now - began).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
}

/// What a scan calls for a caller's progress.
func scanProgress(
    _ progress: (@Sendable (HistoricalFeaturesProgress) -> Void)?
) -> (String, ScanProgress) -> Void {
    { view, scanned in
        progress?(
            HistoricalFeaturesProgress(
                view: view,
                rowsRead: scanned.rowsRead,
                fraction: scanned.fraction
            )
        )
    }
}

extension FeatureResolution {
    /// The views as the join reads them.
    func joinViews(options: HistoricalFeaturesOptions) -> [HistoricalJoin.View] {
        self.views.map { wanted in
            HistoricalJoin.View(
                name: wanted.name,
                source: wanted.source,
                pushSources: wanted.generation.pushSources,
                joinKeys: wanted.joinKeys,
                entityKeys: wanted.entityKeys,
                ttlMicroseconds: wanted.view.ttlMicroseconds,
                schema: wanted.view.schema,
                wanted: wanted.features,
                filterByCreated: options.filterByCreatedTimestamp
                    || wanted.view.filterByCreatedTimestamp
            )
        }
    }

    /// Checks the entity columns before any source is read: every join key is there, and no feature
    /// has the name of one.
    func check(columns names: [String]) throws(FeatureStoreError) {
        var problems = Problems()
        for key in self.joinKeys where !names.contains(key.name) {
            let views = self.views.filter { $0.entityKeys.contains(key) }.map(\.name)
            problems.add(
                .missingJoinKey,
                about: key.name,
                "the entity rows have no column \"\(key.name)\", a join key of "
                    + "\(views.joined(separator: ", ")); "
                    + suggestion(for: key.name, among: names, noun: "column")
            )
        }
        for field in self.requestFields where !names.contains(field.name) {
            let views = self.computations.filter { computation in
                computation.computed.inputs.contains { $0.isRequest && $0.field == field }
            }
            let viewNames = Set(views.map(\.computed.view)).sorted().joined(separator: ", ")
            problems.add(
                .missingRequestData,
                about: field.name,
                "the entity rows have no column \"\(field.name)\" (\(field.type)), request data "
                    + "of \(viewNames); "
                    + suggestion(for: field.name, among: names, noun: "column")
            )
        }
        for column in self.columns where names.contains(column.name) {
            problems.add(
                .featureNameCollision,
                about: column.name,
                "the entity rows have a column \"\(column.name)\", and a feature of "
                    + "\(self.viewName(of: column)) has the same name; rename the column, "
                    + "or use the full feature names (full_feature_names, --full-feature-names)"
            )
        }
        try problems.check()
    }
}

extension Table {
    /// The training set of entity rows, or of a range of them.
    init(
        _ result: HistoricalJoin.Result,
        rows: EntityRows,
        range: Range<Int>? = nil,
        resolution: FeatureResolution,
        computed: ComputedColumns
    ) {
        let indices = range.map { $0.map { Int32($0) } }
        var columns = rows.table.columns.map { column in
            let values =
                column.name == rows.timestampColumn
                ? rows.timeColumn(of: range) : indices.map { column.column.gathered($0) }
            return NamedColumn(name: column.name, column: values ?? column.column)
        }
        for column in resolution.columnsByView {
            let values =
                switch column.origin {
                case .feature(let cell): result.views[cell.view].columns[cell.position]
                case .onDemand(let index): computed.columns[index].column
                }
            columns.append(NamedColumn(name: column.name, column: values))
        }
        self.init(columns: columns, rowCount: range?.count ?? rows.table.rowCount)
    }
}
