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
    ///     which comes out unchanged.
    ///   - options: See ``HistoricalFeaturesOptions``.
    ///   - progress: Called after each batch of rows of a source.
    /// - Returns: The entity columns and one column per feature, `[rows]` each.
    /// - Throws: ``FeatureStoreError``: unknown names, a collision of names, a missing column, a
    ///   source that cannot be read; with `strict` also unreadable rows and cells.
    /// - Complexity: One pass over each source; memory for the rows whose keys and times matter.
    public func historicalFeatures(
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions = HistoricalFeaturesOptions(),
        progress: (@Sendable (HistoricalFeaturesProgress) -> Void)? = nil
    ) throws(FeatureStoreError) -> TrainingSet {
        let clock = ContinuousClock()
        let began = clock.now
        let definitions = try self.appliedSnapshot()
        let resolution = try FeatureResolution(
            features,
            in: definitions,
            fullFeatureNames: options.fullFeatureNames
        )
        let rows: EntityRows
        let result: HistoricalJoin.Result
        do {
            rows = try EntityRows(entities, options: options)
        } catch {
            throw FeatureStoreError(error)
        }
        try resolution.check(against: rows.table)
        do {
            result = try HistoricalJoin(reader: self.sources, strict: options.strict).run(
                rows,
                views: resolution.joinViews(in: definitions.repository, options: options),
                progress: { view, scanned in
                    progress?(
                        HistoricalFeaturesProgress(
                            view: view,
                            rowsRead: scanned.rowsRead,
                            fraction: scanned.fraction
                        )
                    )
                }
            )
        } catch {
            throw FeatureStoreError(error)
        }
        var report = TrainingSetReport(result, rows: rows, resolution: resolution)
        let elapsed = (clock.now - began).components
        report.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
        return TrainingSet(
            table: Table(result, rows: rows, resolution: resolution),
            report: report
        )
    }
}

extension EntityRows {
    fileprivate init(
        _ input: EntityRowsInput,
        options: HistoricalFeaturesOptions
    ) throws(OfflineStoreError) {
        switch input {
        case .file(let path):
            try self.init(
                EntityTable(path: path),
                timestampColumn: options.timestampField,
                strict: options.strict
            )
        case .standardInput:
            try self.init(
                EntityTable.readStandardInput(),
                timestampColumn: options.timestampField,
                strict: options.strict
            )
        case .table(let table):
            try self.init(
                table: table,
                timestampColumn: options.timestampField,
                strict: options.strict
            )
        }
    }
}

extension FeatureResolution {
    fileprivate func joinViews(
        in repository: FeatureRepository,
        options: HistoricalFeaturesOptions
    ) -> [HistoricalJoin.View] {
        self.views.map { wanted in
            HistoricalJoin.View(
                name: wanted.name,
                source: wanted.source,
                pushSources: repository.pushSources(of: wanted.view).map(\.name),
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
    fileprivate func check(against table: Table) throws(FeatureStoreError) {
        var problems = Problems()
        let names = table.columnNames
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
        for column in self.columns where names.contains(column.name) {
            problems.add(
                .featureNameCollision,
                about: column.name,
                "the entity rows have a column \"\(column.name)\", and a feature of "
                    + "\(self.viewName(of: column)) has the same name; rename the column, "
                    + "or use --full-feature-names"
            )
        }
        try problems.check()
    }
}

extension Table {
    fileprivate init(
        _ result: HistoricalJoin.Result,
        rows: EntityRows,
        resolution: FeatureResolution
    ) {
        var columns = rows.table.columns.map { column in
            column.name == rows.timestampColumn
                ? NamedColumn(name: column.name, column: rows.timeColumn) : column
        }
        for column in resolution.columnsByView {
            guard case .feature(let cell) = column.origin else { continue }
            let values = result.views[cell.view].columns[cell.position]
            columns.append(NamedColumn(name: column.name, column: values))
        }
        self.init(columns: columns, rowCount: rows.table.rowCount)
    }
}
