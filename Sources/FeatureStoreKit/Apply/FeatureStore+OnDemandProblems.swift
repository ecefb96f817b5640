import FeatureModel

extension FeatureStore {
    /// What is wrong with the on-demand features of a repository: names that they use, words and
    /// functions that cannot stand in an expression, and results that are never of their type.
    func onDemandProblems(of files: LoadedRepository) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        // What the names of a view without a schema are is not known: its schema is the problem.
        for view in files.repository.onDemandFeatureViews
        where files.viewsWithoutSchema.isDisjoint(with: view.sources) {
            let scope = OnDemandScope(view, in: files.repository)
            for feature in view.features {
                do {
                    try self.evaluator.probe(
                        ComputedFeature(
                            feature,
                            of: view,
                            scope: scope,
                            functions: self.functions
                        )
                    )
                } catch {
                    problems.append(
                        Diagnostic(
                            message: "feature \"\(feature.name)\" of on-demand feature view "
                                + "\"\(view.name)\" \(error.message)",
                            fix: error.fix,
                            location: files.locations.location(
                                of: .onDemandFeatureView,
                                view.name,
                                part: "features.\(feature.name).\(feature.transformation.key)"
                            )
                        )
                    )
                }
            }
        }
        return problems.sortedByPlace()
    }
}

extension OnDemandFeature.Transformation {
    /// The key of a definition file.
    fileprivate var key: String {
        switch self {
        case .expression: "expression"
        case .function: "function"
        }
    }
}
