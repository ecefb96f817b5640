import FeatureCompute
import FeatureModel
import OfflineStores

extension TrainingSetReport {
    /// The report of a join.
    init(
        _ result: HistoricalJoin.Result,
        rows: EntityRows,
        resolution: FeatureResolution,
        computed: ComputedColumns
    ) {
        self.rows = rows.table.rowCount
        for column in resolution.columnsByView {
            let view = resolution.viewName(of: column)
            switch column.origin {
            case .feature(let cell):
                self.columns.append(
                    Column(
                        name: column.name,
                        view: view,
                        summary: result.views[cell.view].summary,
                        position: cell.position
                    )
                )
            case .onDemand(let index):
                self.columns.append(
                    Column(name: column.name, view: view, computed: computed.columns[index])
                )
            }
        }
        for (wanted, view) in zip(resolution.views, result.views) {
            self.sources.append(
                Source(
                    view: wanted.name,
                    rowsRead: view.report.rowsRead,
                    bad: view.report.bad,
                    nullKey: view.report.nullKey,
                    nullTime: view.report.nullTime,
                    samples: view.report.samples.map(\.description)
                )
            )
        }
        self.addWarnings(
            result,
            rows: rows,
            resolution: resolution,
            unreadable: computed.unreadable
        )
        for column in resolution.columnsByView {
            guard case .onDemand(let index) = column.origin,
                let warning = computed.columns[index].warning(
                    feature: column.name,
                    view: resolution.viewName(of: column)
                )
            else { continue }
            self.warnings.append(warning)
        }
    }

    private mutating func addWarnings(
        _ result: HistoricalJoin.Result,
        rows: EntityRows,
        resolution: FeatureResolution,
        unreadable requestData: [EntityRows.Unreadable]
    ) {
        let unreadable =
            result.unreadableKeys + (rows.unreadableTimes.map { [$0] } ?? []) + requestData
        for column in unreadable {
            self.warnings.append(
                "entity column \"\(column.column)\": "
                    + (column.count == 1
                        ? "1 cell is no \(column.expected) and counts as null: "
                        : "\(column.count) cells are no \(column.expected) and count as null, "
                            + "such as ")
                    + column.samples.prefix(3).joined(separator: "; ")
            )
        }
        if rows.sawZonelessTime {
            self.warnings.append(
                "times without zone in \"\(rows.timestampColumn)\" were read as UTC"
            )
        }
        for (wanted, view) in zip(resolution.views, result.views) {
            self.addWarnings(view, of: wanted)
        }
    }

    private mutating func addWarnings(
        _ view: HistoricalJoin.ViewResult,
        of wanted: FeatureResolution.View
    ) {
        let name = wanted.name
        if view.report.bad > 0 {
            self.warnings.append(
                "feature view \"\(name)\": "
                    + (view.report.bad == 1
                        ? "1 bad row of its source was left out: "
                        : "\(view.report.bad) bad rows of its source were left out, such as ")
                    + view.report.samples.prefix(3).map(\.description).joined(separator: "; ")
            )
        }
        for line in view.report.unfinished where line.mayGrow {
            self.warnings.append("feature view \"\(name)\": \(line.description)")
        }
        if view.report.sawZonelessTime, wanted.source.timezone == nil {
            self.warnings.append(
                "feature view \"\(name)\": times without zone in its source were read as UTC"
            )
        }
        if view.report.sawDateWithoutDashes {
            self.warnings.append("feature view \"\(name)\": \(dateWithoutDashesText)")
        }
        let cells = view.summary.cellsCreatedFilterWouldChange.reduce(0, +)
        if cells > 0 {
            self.warnings.append(
                "feature view \"\(name)\": "
                    + (cells == 1
                        ? "1 cell comes from a row that was"
                        : "\(cells) cells come from rows that were")
                    + " created after the entity row's time, or at no known time; "
                    + "--filter-by-created-timestamp would change " + (cells == 1 ? "it" : "them")
            )
        }
        if view.summary.rows > 0, view.summary.matched == 0,
            let reason = view.summary.missed.max(by: { $0.value < $1.value })?.key
        {
            self.warnings.append("feature view \"\(name)\": nothing was found, as \(reason.hint)")
        }
    }
}

extension TrainingSetReport.Column {
    fileprivate init(name: String, view: String, computed: ComputedColumn) {
        self.init(name: name, view: view)
        let nulls = (0..<computed.column.count).count { computed.column.isNull(at: $0) }
        self.values = computed.column.count - nulls
        self.notComputable = computed.failures
        self.nullResult = nulls - computed.failures
    }

    fileprivate init(name: String, view: String, summary: MatchSummary, position: Int) {
        self.init(name: name, view: view)
        self.nullInSource = summary.nullInSource[position]
        self.createdFilterWouldChange = summary.cellsCreatedFilterWouldChange[position]
        self.values = summary.matched - self.nullInSource
        for (reason, count) in summary.missed {
            switch reason {
            case .none: break
            case .noRow: self.noRow = count
            case .olderThanTTL: self.olderThanTTL = count
            case .onlyInFuture: self.onlyInFuture = count
            case .createdLater: self.notYetCreated = count
            case .nullKey: self.nullKey = count
            case .nullTime: self.nullTime = count
            }
        }
    }
}

extension MissReason {
    /// The most frequent reason, as a sentence that says where to look.
    fileprivate var hint: String {
        switch self {
        case .none: "rows matched"
        case .noRow: "the source has no row for these keys: do the key columns hold the same ids?"
        case .olderThanTTL: "all rows are older than the ttl allows: do the times fit together?"
        case .onlyInFuture: "all rows are later than the entity rows: do the times fit together?"
        case .createdLater: "every row was created after the time of its entity row"
        case .nullKey: "the join keys of the entity rows are null"
        case .nullTime: "the times of the entity rows are null"
        }
    }
}
