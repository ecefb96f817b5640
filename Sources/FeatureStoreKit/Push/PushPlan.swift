import FeatureCompute
import FeatureModel

/// Which columns of pushed rows mean what to which views.
struct PushPlan {
    /// A column that a view needs.
    struct Cell {
        /// Its name in the source.
        let name: String
        let type: ValueType
        /// Where it stands in the rows; `nil` when they do not have it.
        let position: Int?
    }

    /// A view that gets the rows: one of its generations.
    struct View {
        /// What people call it.
        let name: String
        let generation: FeatureViewGeneration
        let keys: [Cell]
        let features: [Cell]
    }

    /// What the rows' columns and times are called; the same for all views.
    let source: DataSource
    private(set) var views: [View] = []
    /// The event time; `nil` for a static table.
    let time: Cell?
    /// The created time; `nil` when the source has none.
    let created: Cell?
    /// Every column that some view needs, once.
    private(set) var stored: [Cell] = []
    private(set) var ignoredColumns: [String] = []

    /// - Parameters:
    ///   - request: The push.
    ///   - definitions: The definitions in force.
    ///   - mustBeWhole: Whether a missing column is an error, and not null.
    /// - Throws: ``FeatureStoreError`` for an unknown destination, or missing columns.
    init(
        _ request: PushRequest,
        definitions: DefinitionSnapshot,
        mustBeWhole: Bool = true
    ) throws(FeatureStoreError) {
        let wanted = try Self.generations(for: request, definitions: definitions)
        // What the columns are called is what the generation in force says, which comes last.
        guard let source = wanted.last?.generation.source else {
            throw Self.withoutViews(request)
        }
        self.source = source
        let rows = request.rows
        let isView = if case .view = request.destination { true } else { false }
        func cell(_ name: String, _ type: ValueType) -> Cell {
            let column = source.sourceColumn(for: name)
            // A push has the source's names first, as its batch source would; a write to a view has
            // those of its features.
            let position =
                isView
                ? rows.position(of: name) ?? rows.position(of: column)
                : rows.position(of: column) ?? rows.position(of: name)
            return Cell(name: column, type: type, position: position)
        }
        for live in wanted {
            self.views.append(
                View(
                    name: live.name,
                    generation: live.generation,
                    keys: live.generation.joinKeys.map { cell($0.name, $0.type) },
                    features: live.generation.view.schema.map { cell($0.name, $0.type) }
                )
            )
        }
        let needed = self.views.flatMap { $0.keys + $0.features }
        let taken = Set(needed.compactMap(\.position))
        // Feast's SDK calls the times so, whatever the source calls them.
        func timeCell(_ field: String, _ feastName: String) -> Cell {
            let known = cell(field, .unixTimestamp)
            guard known.position == nil, let other = rows.position(of: feastName),
                !taken.contains(other)
            else { return known }
            return Cell(name: known.name, type: known.type, position: other)
        }
        self.time = source.timestampField.map { timeCell($0, "event_timestamp") }
        self.created = source.createdTimestampColumn.map { timeCell($0, "created") }
        for cell in needed + [self.time, self.created].compactMap({ $0 })
        where !self.stored.contains(where: { $0.name.utf8.elementsEqual(cell.name.utf8) }) {
            self.stored.append(cell)
        }
        let used = Set(self.stored.compactMap(\.position))
        self.ignoredColumns = rows.columns.indices.filter { !used.contains($0) }
            .map { rows.columns[$0].name }
        if mustBeWhole {
            try self.checkColumns(of: rows)
        }
    }

    /// The views whose rows are served online.
    var onlineViews: [View] { self.views.filter(\.generation.view.online) }

    /// The plan for one of its views alone.
    func restricted(to view: View) -> PushPlan {
        var plan = self
        plan.views = [view]
        return plan
    }

    private func checkColumns(of rows: PushRows) throws(FeatureStoreError) {
        var problems = Problems()
        let names = rows.columns.map(\.name)
        for view in self.views {
            let missing = (view.keys + view.features + [self.time].compactMap { $0 })
                .filter { $0.position == nil }.map(\.name)
            guard let first = missing.first else { continue }
            let list = missing.map { "\"\($0)\"" }.joined(separator: ", ")
            let noun = missing.count == 1 ? "column" : "columns"
            problems.add(
                .invalidArgument,
                about: view.name,
                "the rows lack the \(noun) \(list), which feature view \"\(view.name)\" needs; "
                    + "\(suggestion(for: first, among: names, noun: "column"))"
            )
        }
        try problems.check()
    }

    /// The generations that get the rows: those in force, and those that services pin.
    ///
    /// A pinned generation that reads another source than the one in force has other columns: it
    /// gets the rows at its next load, from the history. Where only pinned ones take the rows, the
    /// newest of them says what the columns are.
    private static func generations(
        for request: PushRequest,
        definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) -> [LiveGeneration] {
        switch request.destination {
        case .source(let name):
            try self.checkSource(name, in: definitions)
            let live = definitions.liveGenerations.filter {
                $0.generation.pushSources.contains(name)
            }
            var sources = Set(live.filter(\.isInForce).map(\.generation.source))
            if sources.isEmpty, let newest = live.last { sources = [newest.generation.source] }
            let fitting = live.filter { $0.isInForce || sources.contains($0.generation.source) }
            let isOnline = fitting.contains(where: \.generation.view.online)
            if request.target == .online, !fitting.isEmpty, !isOnline {
                throw FeatureStoreError(
                    code: .invalidArgument,
                    message: "no feature view of push source \"\(name)\" is served online; push to "
                        + "offline, or set `online: true` and apply"
                )
            }
            // The one whose columns count is the last.
            return fitting.filter { !$0.isInForce } + fitting.filter(\.isInForce)
        case .view(let name):
            let live = definitions.liveGenerations
            let named =
                live.first { $0.name == name } ?? live.first { $0.generation.reference == name }
            guard let named else {
                throw FeatureStoreError(
                    code: .objectNotFound,
                    message: "Can't recognize feast object with a name \(name); "
                        + definitions.wayOut(
                            of: name,
                            among: live.map(\.name),
                            noun: "feature view"
                        )
                )
            }
            guard named.generation.view.online else {
                throw FeatureStoreError(
                    code: .invalidArgument,
                    message: "feature view \"\(name)\" is not served online; set `online: true` "
                        + "and apply"
                )
            }
            return [named]
        }
    }

    private static func checkSource(
        _ name: String,
        in definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) {
        let repository = definitions.repository
        guard repository.dataSource(name)?.isPush != true else { return }
        let known = repository.dataSources.filter(\.isPush).map(\.name)
        let wayOut =
            repository.dataSource(name) == nil
            ? known.isEmpty
                ? "define a data source of the type push"
                : definitions.wayOut(of: name, among: known, noun: "push source")
            : "the data source \"\(name)\" is not of the type push"
        throw FeatureStoreError(
            code: .pushSourceNotFound,
            message: "Unable to find push source '\(name)'; \(wayOut)"
        )
    }

    private static func withoutViews(_ request: PushRequest) -> FeatureStoreError {
        let name =
            switch request.destination {
            case .source(let name), .view(let name): name
            }
        return FeatureStoreError(
            code: .invalidArgument,
            message: "no feature view has the push source \"\(name)\" or its batch source, so the "
                + "rows would be nowhere; name it as the source of a view and apply"
        )
    }
}
