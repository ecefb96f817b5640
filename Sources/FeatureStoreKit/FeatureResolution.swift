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
        /// The view with what its rows depend on, as the online store knows it.
        let generation: FeatureViewGeneration
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
        /// They are computed: index into ``FeatureResolution/computations``.
        case onDemand(Int)
    }

    /// One wanted feature.
    struct Column: Sendable {
        /// Its name in the result: `feature`, or `view__feature`.
        let name: String
        let type: ValueType
        let origin: Origin
    }

    /// One feature that is computed.
    struct Computation: Sendable {
        /// Where the value of an input comes from.
        enum Input: Sendable {
            /// A feature that is read.
            case feature(Cell)
            /// A value of the request; index into ``FeatureResolution/requestFields``.
            case request(Int)
        }

        let computed: ComputedFeature
        /// The origins of the formula's inputs, in their order.
        let inputs: [Input]
    }

    /// The views, in order of first mention.
    private(set) var views: [View] = []
    /// The on-demand features, in the order of the selection.
    private(set) var computations: [Computation] = []
    /// What the request must bring for the on-demand features, each name and type once.
    private(set) var requestFields: [Field] = []
    /// The features, in the order of the selection.
    private(set) var columns: [Column] = []

    /// The columns grouped by view, in order of first mention: the order of a training set.
    var columnsByView: [Column] {
        var groups: [GroupKey] = []
        var grouped: [GroupKey: [Column]] = [:]
        for column in self.columns {
            let key = self.group(of: column)
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
        case .onDemand(let index): self.computations[index].computed.view
        }
    }

    private func group(of column: Column) -> GroupKey {
        switch column.origin {
        case .feature(let cell): .view(cell.view)
        case .onDemand(let index): .onDemandView(self.computations[index].computed.view)
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
    }

    // MARK: Adding

    private mutating func add(
        _ wanted: WantedFeature,
        in snapshot: DefinitionSnapshot,
        fullFeatureNames: Bool,
        problems: inout Problems
    ) {
        // On-demand views have no generations: nothing is stored of them.
        if wanted.projection.version == nil,
            let view = snapshot.repository.onDemandFeatureView(wanted.projection.view)
        {
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
            view.name == projection.viewName && view.generation == found
                && view.entityKeys == entityKeys
        }
        if let known { return known }
        self.views.append(
            View(
                name: projection.viewName,
                view: found.view,
                generation: found,
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
        let computed: ComputedFeature
        do {
            computed = try ComputedFeature(
                view.features[index],
                of: view,
                scope: OnDemandScope(view, in: snapshot.repository),
                functions: snapshot.functions
            )
        } catch {
            problems.add(
                .invalidArgument,
                about: "\(view.name):\(feature)",
                FeatureStoreError(error, of: feature, view: view.name).message
            )
            return
        }
        var inputs: [Computation.Input] = []
        for input in computed.inputs {
            if input.isRequest {
                inputs.append(.request(self.requestIndex(of: input.field)))
            } else if let cell = self.cell(of: input, in: snapshot) {
                inputs.append(.feature(cell))
            } else {
                problems.addUnknownView(input.source, in: snapshot)
                return
            }
        }
        self.columns.append(
            Column(
                name: fullFeatureNames ? "\(view.name)__\(feature)" : feature,
                type: view.features[index].type,
                origin: .onDemand(self.computations.count)
            )
        )
        self.computations.append(Computation(computed: computed, inputs: inputs))
    }

    /// The cell of an input, which is read from now on.
    ///
    /// - Returns: `nil` when its view cannot be read.
    private mutating func cell(
        of input: OnDemandScope.Input,
        in snapshot: DefinitionSnapshot
    ) -> Cell? {
        guard let position = self.position(of: .init(view: input.source), in: snapshot),
            let index = self.views[position].view.schema.firstIndex(of: input.field)
        else { return nil }
        return self.cell(view: position, schemaIndex: index)
    }

    private mutating func requestIndex(of field: Field) -> Int {
        let known = self.requestFields.firstIndex {
            $0.name == field.name && $0.type == field.type
        }
        if let known { return known }
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
        // Full names do not tell a feature from itself.
        let isSameView = doubled.allSatisfy { name in
            let views = self.columns.filter { $0.name == name }.map(self.viewName)
            return views.allSatisfy { $0 == views.first }
        }
        let advice =
            fullFeatureNames || isSameView
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
    case onDemandView(String)
}
