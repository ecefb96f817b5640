import FeatureModel

/// What a selection of features means under one set of definitions.
///
/// Training and serving resolve a selection by this one type, so that both read the same features
/// under the same names.
struct FeatureResolution: Sendable {
    /// One view of the selection, and what is wanted of it.
    struct View: Sendable {
        let view: FeatureView
        let source: DataSource
        /// The key columns of the view's entities, in order.
        let joinKeys: [Entity.JoinKey]
        /// The wanted features, as indices into the view's schema, in order of mention.
        fileprivate(set) var features: [Int]
    }

    /// One wanted feature.
    struct Column: Sendable {
        /// Its name in the result: `feature`, or `view__feature`.
        let name: String
        let type: ValueType
        /// Index into ``views``.
        let view: Int
        /// Index into the view's ``View/features``.
        let position: Int
    }

    /// The views, in order of first mention.
    private(set) var views: [View] = []
    /// The features, in the order of the selection.
    private(set) var columns: [Column] = []

    /// The columns grouped by view, in order of first mention: the order of a training set.
    var columnsByView: [Column] {
        self.views.indices.flatMap { view in self.columns.filter { $0.view == view } }
    }

    /// The key columns that the views need, each once, in order of first mention.
    var joinKeys: [Entity.JoinKey] {
        var keys: [Entity.JoinKey] = []
        for key in self.views.flatMap(\.joinKeys) where !keys.contains(key) {
            keys.append(key)
        }
        return keys
    }

    /// Looks everything up.
    ///
    /// - Throws: One error that names every unknown view and feature and every collision.
    init(
        _ selection: FeatureSelection,
        in snapshot: DefinitionSnapshot,
        fullFeatureNames: Bool
    ) throws(FeatureStoreError) {
        let references = try Self.references(of: selection, in: snapshot)
        guard !references.isEmpty else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "no features were asked for; name some as view:feature, or a service"
            )
        }
        var problems = Problems()
        for reference in references {
            self.add(
                reference,
                in: snapshot,
                fullFeatureNames: fullFeatureNames,
                problems: &problems
            )
        }
        try problems.check()
        try self.checkNames(fullFeatureNames: fullFeatureNames)
    }

    private static func references(
        of selection: FeatureSelection,
        in snapshot: DefinitionSnapshot
    ) throws(FeatureStoreError) -> [FeatureReference] {
        switch selection {
        case .features(let texts):
            var references: [FeatureReference] = []
            var problems = Problems()
            for text in texts {
                if let reference = FeatureReference(text) {
                    references.append(reference)
                } else {
                    problems.add(
                        .invalidArgument,
                        about: text,
                        "invalid feature reference \"\(text)\"; the form is view:feature"
                    )
                }
            }
            try problems.check()
            return references
        case .service(let name):
            let repository = snapshot.repository
            guard let service = repository.featureService(name) else {
                let names = repository.featureServices.map(\.name)
                throw FeatureStoreError(
                    code: .featureServiceNotFound,
                    message:
                        "Feature service \(name) does not exist in project \(snapshot.project); "
                        + snapshot.wayOut(of: name, among: names, noun: "feature service")
                )
            }
            return service.features.flatMap { projection in
                let features =
                    projection.features
                    ?? repository.featureView(projection.view)?.schema.map(\.name) ?? []
                return features.map { FeatureReference(view: projection.view, feature: $0) }
            }
        }
    }

    private mutating func add(
        _ reference: FeatureReference,
        in snapshot: DefinitionSnapshot,
        fullFeatureNames: Bool,
        problems: inout Problems
    ) {
        let repository = snapshot.repository
        guard let view = repository.featureView(reference.view),
            let source = repository.dataSource(view.source)
        else {
            problems.add(
                .featureViewNotFound,
                about: reference.view,
                "Feature view \(reference.view) does not exist in project \(snapshot.project); "
                    + snapshot.wayOut(
                        of: reference.view,
                        among: repository.featureViews.map(\.name),
                        noun: "feature view"
                    )
            )
            return
        }
        guard let index = view.schema.firstIndex(where: { $0.name == reference.feature }) else {
            problems.add(
                .featureNotFound,
                about: reference.description,
                "feature view \"\(view.name)\" has no feature \"\(reference.feature)\"; "
                    + suggestion(
                        for: reference.feature,
                        among: view.schema.map(\.name),
                        noun: "feature"
                    )
            )
            return
        }
        let position: Int
        if let known = self.views.firstIndex(where: { $0.view.name == view.name }) {
            position = known
        } else {
            position = self.views.count
            let joinKeys = repository.joinKeys(of: view)
            self.views.append(
                View(view: view, source: source, joinKeys: joinKeys, features: [])
            )
        }
        let field = view.schema[index]
        self.columns.append(
            Column(
                name: fullFeatureNames ? "\(view.name)__\(field.name)" : field.name,
                type: field.type,
                view: position,
                position: self.views[position].features.count
            )
        )
        self.views[position].features.append(index)
    }

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
}

/// Several mistakes of one request, told at once.
struct Problems {
    /// More are counted and not told: a message costs more than a look-up.
    private static let maximumTold = 20

    private var lines: [String] = []
    private var code: FeatureStoreError.Code?
    /// What was complained about already.
    private var subjects: Set<String> = []
    private var untold = 0

    /// Adds a mistake.
    ///
    /// The first one's code is the error's.
    ///
    /// - Parameters:
    ///   - code: What a caller can act on.
    ///   - subject: What is wrong; the same thing is told once, and its message is made once.
    ///   - message: What to tell.
    mutating func add(
        _ code: FeatureStoreError.Code,
        about subject: String,
        _ message: @autoclosure () -> String
    ) {
        guard self.subjects.insert(subject).inserted else { return }
        if self.code == nil {
            self.code = code
        }
        if self.lines.count < Self.maximumTold {
            self.lines.append(message())
        } else {
            self.untold += 1
        }
    }

    /// Throws what was added, if anything was.
    func check() throws(FeatureStoreError) {
        guard let code = self.code else { return }
        let more = self.untold > 0 ? ["… and \(self.untold) more"] : []
        throw FeatureStoreError(code: code, message: (self.lines + more).joined(separator: "\n"))
    }
}
