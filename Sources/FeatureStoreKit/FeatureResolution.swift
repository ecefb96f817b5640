import FeatureModel

/// What a selection of features means under one set of definitions.
///
/// Training and serving resolve a selection by this one type, so that both read the same features
/// under the same names.
struct FeatureResolution: Sendable {
    /// One view of the selection, and what is read of it.
    struct View: Sendable {
        /// What stands before its features in full names: its alias, or its name.
        let name: String
        let view: FeatureView
        /// Where its rows come from, and how their columns and times are read.
        let source: DataSource
        /// The key columns of the view's entities, in order, under the names that its rows have.
        let joinKeys: [Entity.JoinKey]
        /// The same keys under the names that the entity rows have.
        let entityKeys: [Entity.JoinKey]
        /// The features that are read, as indices into the view's schema, in order of mention.
        fileprivate(set) var features: [Int]

        /// The name that one of the view's join keys has in the entity rows.
        func entityKey(of joinKey: Entity.JoinKey) -> Entity.JoinKey? {
            self.joinKeys.firstIndex(of: joinKey).map { self.entityKeys[$0] }
        }
    }

    /// A feature that is read: of which view, and which of those that are read of it.
    struct Cell: Hashable, Sendable {
        /// Index into ``FeatureResolution/views``.
        let view: Int
        /// Index into the view's ``View/features``.
        let position: Int
    }

    /// Where the values of a column come from.
    enum Origin: Sendable {
        /// They are read.
        case feature(Cell)
        /// They are computed: index into ``FeatureResolution/onDemandViews``, and into the
        /// features of that view.
        case onDemand(view: Int, feature: Int)
    }

    /// One wanted feature.
    struct Column: Sendable {
        /// Its name in the result: `feature`, or `view__feature`.
        let name: String
        let type: ValueType
        let origin: Origin
    }

    /// One on-demand feature view of the selection.
    struct OnDemandView: Sendable {
        /// A value that its features may be computed from.
        struct Input: Sendable {
            /// Where the value comes from.
            enum Origin: Sendable {
                /// A feature that is read.
                case feature(Cell)
                /// A value of the request; index into ``FeatureResolution/requestFields``.
                case request(Int)
            }

            /// The names that expressions may use: `view__feature`, and `feature` when only one
            /// source has it.
            let names: [String]
            let type: ValueType
            let origin: Origin
        }

        let view: OnDemandFeatureView
        let inputs: [Input]
    }

    /// The views, in order of first mention.
    private(set) var views: [View] = []
    /// The on-demand views, in order of first mention.
    private(set) var onDemandViews: [OnDemandView] = []
    /// What the request must bring for the on-demand views, each name once.
    private(set) var requestFields: [Field] = []
    /// The features, in the order of the selection.
    private(set) var columns: [Column] = []

    /// The columns grouped by view, in order of first mention: the order of a training set.
    var columnsByView: [Column] {
        var groups: [GroupKey] = []
        var grouped: [GroupKey: [Column]] = [:]
        for column in self.columns {
            let key = GroupKey(column.origin)
            if grouped[key] == nil {
                groups.append(key)
            }
            grouped[key, default: []].append(column)
        }
        return groups.flatMap { grouped[$0] ?? [] }
    }

    /// The key columns of the entity rows that the views need, each once, in order of first
    /// mention.
    var joinKeys: [Entity.JoinKey] {
        var keys: [Entity.JoinKey] = []
        for key in self.views.flatMap(\.entityKeys) where !keys.contains(key) {
            keys.append(key)
        }
        return keys
    }

    /// The name of the view that a column belongs to.
    func viewName(of column: Column) -> String {
        switch column.origin {
        case .feature(let cell): self.views[cell.view].name
        case .onDemand(let view, _): self.onDemandViews[view].view.name
        }
    }

    /// Looks everything up.
    ///
    /// - Throws: One error that names every unknown view and feature and every collision.
    init(
        _ selection: FeatureSelection,
        in snapshot: DefinitionSnapshot,
        fullFeatureNames: Bool
    ) throws(FeatureStoreError) {
        let wanted = try WantedFeature.list(of: selection, in: snapshot)
        guard !wanted.isEmpty else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "no features were asked for; name some as view:feature, or a service"
            )
        }
        var problems = Problems()
        for feature in wanted {
            self.add(
                feature,
                in: snapshot,
                fullFeatureNames: fullFeatureNames,
                problems: &problems
            )
        }
        try problems.check()
        try self.checkNames(fullFeatureNames: fullFeatureNames)
        try self.checkKeyTypes()
        if let view = self.onDemandViews.first?.view {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "on-demand feature view \"\(view.name)\" cannot be computed yet"
            )
        }
    }

    // MARK: Adding

    private mutating func add(
        _ wanted: WantedFeature,
        in snapshot: DefinitionSnapshot,
        fullFeatureNames: Bool,
        problems: inout Problems
    ) {
        if let view = snapshot.repository.onDemandFeatureView(wanted.projection.view) {
            self.add(
                wanted.feature,
                of: view,
                in: snapshot,
                fullFeatureNames: fullFeatureNames,
                problems: &problems
            )
            return
        }
        guard let position = self.position(of: wanted.projection, in: snapshot) else {
            problems.addUnknownView(wanted.projection.reference, in: snapshot)
            return
        }
        let schema = self.views[position].view.schema
        guard let index = schema.firstIndex(where: { $0.name == wanted.feature }) else {
            problems.addUnknownFeature(
                wanted.feature,
                of: wanted.projection.reference,
                known: schema.map(\.name)
            )
            return
        }
        let name = self.views[position].name
        self.columns.append(
            Column(
                name: fullFeatureNames ? "\(name)__\(wanted.feature)" : wanted.feature,
                type: schema[index].type,
                origin: .feature(self.cell(view: position, schemaIndex: index))
            )
        )
    }

    /// The cell of a feature, which is read from now on if it was not.
    private mutating func cell(view: Int, schemaIndex: Int) -> Cell {
        if let known = self.views[view].features.firstIndex(of: schemaIndex) {
            return Cell(view: view, position: known)
        }
        self.views[view].features.append(schemaIndex)
        return Cell(view: view, position: self.views[view].features.count - 1)
    }

    /// The position of a view, which is added if it is not there.
    ///
    /// - Returns: `nil` when there is no such view.
    private mutating func position(
        of projection: FeatureService.Projection,
        in snapshot: DefinitionSnapshot
    ) -> Int? {
        guard let found = snapshot.feature(view: projection) else { return nil }
        let entityKeys = found.joinKeys.map { key in
            Entity.JoinKey(name: projection.joinKeyMap[key.name] ?? key.name, type: key.type)
        }
        let known = self.views.firstIndex { view in
            view.name == projection.viewName && view.view == found.view
                && view.entityKeys == entityKeys
        }
        if let known { return known }
        self.views.append(
            View(
                name: projection.viewName,
                view: found.view,
                source: found.source,
                joinKeys: found.joinKeys,
                entityKeys: entityKeys,
                features: []
            )
        )
        return self.views.count - 1
    }

    private mutating func add(
        _ feature: String,
        of view: OnDemandFeatureView,
        in snapshot: DefinitionSnapshot,
        fullFeatureNames: Bool,
        problems: inout Problems
    ) {
        guard let index = view.features.firstIndex(where: { $0.name == feature }) else {
            problems.addUnknownFeature(
                feature,
                of: view.name,
                known: view.features.map(\.name)
            )
            return
        }
        let position: Int
        if let known = self.onDemandViews.firstIndex(where: { $0.view.name == view.name }) {
            position = known
        } else {
            position = self.onDemandViews.count
            let inputs = self.inputs(of: view, in: snapshot, problems: &problems)
            self.onDemandViews.append(OnDemandView(view: view, inputs: inputs))
        }
        self.columns.append(
            Column(
                name: fullFeatureNames ? "\(view.name)__\(feature)" : feature,
                type: view.features[index].type,
                origin: .onDemand(view: position, feature: index)
            )
        )
    }

    /// What the features of an on-demand view may be computed from; the features among them are
    /// read from now on.
    private mutating func inputs(
        of view: OnDemandFeatureView,
        in snapshot: DefinitionSnapshot,
        problems: inout Problems
    ) -> [OnDemandView.Input] {
        var found: [(source: String, field: Field, origin: OnDemandView.Input.Origin)] = []
        for source in view.sources {
            if let fields = snapshot.repository.dataSource(source)?.requestSchema {
                for field in fields {
                    found.append((source, field, .request(self.requestIndex(of: field))))
                }
            } else if let position = self.position(of: .init(view: source), in: snapshot) {
                for (index, field) in self.views[position].view.schema.enumerated() {
                    let cell = self.cell(view: position, schemaIndex: index)
                    found.append((source, field, .feature(cell)))
                }
            } else {
                problems.addUnknownView(source, in: snapshot)
            }
        }
        var counts: [String: Int] = [:]
        for input in found {
            counts[input.field.name, default: 0] += 1
        }
        return found.map { input in
            let full = "\(input.source)__\(input.field.name)"
            let isUnique = counts[input.field.name] == 1
            return OnDemandView.Input(
                names: isUnique ? [input.field.name, full] : [full],
                type: input.field.type,
                origin: input.origin
            )
        }
    }

    private mutating func requestIndex(of field: Field) -> Int {
        if let known = self.requestFields.firstIndex(where: { $0.name == field.name }) {
            return known
        }
        self.requestFields.append(field)
        return self.requestFields.count - 1
    }

    // MARK: Checking

    private func checkNames(fullFeatureNames: Bool) throws(FeatureStoreError) {
        var counts: [String: Int] = [:]
        for column in self.columns {
            counts[column.name, default: 0] += 1
        }
        let doubled = counts.filter { $0.value > 1 }.keys.sorted()
        guard !doubled.isEmpty else { return }
        let advice =
            fullFeatureNames
            ? "ask for each feature once"
            : "use the full feature names (full_feature_names, --full-feature-names), or ask for "
                + "features with different names"
        throw FeatureStoreError(
            code: .featureNameCollision,
            message: "Duplicate features named \(doubled.joined(separator: ", ")) found; \(advice)"
        )
    }

    /// A column of the entity rows has one type, however the views' keys are mapped to it.
    private func checkKeyTypes() throws(FeatureStoreError) {
        var problems = Problems()
        var first: [String: (type: ValueType, view: String)] = [:]
        for view in self.views {
            for key in view.entityKeys {
                let known = first[key.name] ?? (key.type, view.name)
                first[key.name] = known
                guard known.type != key.type else { continue }
                problems.add(
                    .invalidArgument,
                    about: key.name,
                    "the entity column \"\(key.name)\" is a join key of the type \(known.type) for "
                        + "\(known.view), and \(key.type) for \(view.name); map them to "
                        + "different columns with join_key_map"
                )
            }
        }
        try problems.check()
    }
}

/// What columns of a training set stand together: those of one view.
private enum GroupKey: Hashable {
    case view(Int)
    case onDemandView(Int)

    init(_ origin: FeatureResolution.Origin) {
        switch origin {
        case .feature(let cell): self = .view(cell.view)
        case .onDemand(let view, _): self = .onDemandView(view)
        }
    }
}

extension Problems {
    fileprivate mutating func addUnknownView(_ name: String, in snapshot: DefinitionSnapshot) {
        let repository = snapshot.repository
        self.add(
            .featureViewNotFound,
            about: name,
            "Feature view \(name) does not exist in project \(snapshot.project); "
                + snapshot.wayOut(
                    of: name,
                    among: repository.featureViews.map(\.name)
                        + repository.onDemandFeatureViews.map(\.name),
                    noun: "feature view"
                )
        )
    }

    fileprivate mutating func addUnknownFeature(
        _ feature: String,
        of view: String,
        known: [String]
    ) {
        self.add(
            .featureNotFound,
            about: "\(view):\(feature)",
            "feature view \"\(view)\" has no feature \"\(feature)\"; "
                + suggestion(for: feature, among: known, noun: "feature")
        )
    }
}
