import FeatureModel

extension RegistryPlan {
    /// The same changes, from what others have applied since the plan was made.
    ///
    /// For each object there are three definitions: that of the version that the plan starts from,
    /// that of the others, and that of the plan. What only one side changed, created or deleted is
    /// as that side has it; what both changed in the same way is so, too. So what others created
    /// and the plan's repository does not have stays.
    ///
    /// - Parameter snapshot: What is applied now.
    /// - Returns: A plan from there.
    /// - Throws: ``RegistryError``: `conflict` when both sides changed an object in two ways, or
    ///   when what they changed does not fit together.
    package func rebased(
        onto snapshot: RegistrySnapshot
    ) throws(RegistryError) -> RegistryPlan {
        var merge = RepositoryMerge()
        let target = merge.merged(base: self.base, theirs: snapshot.repository, mine: self.target)
        guard merge.conflicts.isEmpty else {
            let both = merge.conflicts.joined(separator: ", ")
            throw self.conflict(with: snapshot, "both change \(both)")
        }
        let problems = target.problems().filter { $0.severity == .error }
        guard problems.isEmpty else {
            let lines = problems.map { "\n  \($0.message)" }.joined()
            throw self.conflict(with: snapshot, "the two do not fit together:\(lines)\n")
        }
        var plan = RegistryPlan(
            from: snapshot,
            to: target,
            project: self.project,
            offlineStorePath: self.offlineStorePath
        )
        plan.warnings = self.warnings
        let pins = plan.pinProblems(locations: DefinitionLocations())
        guard pins.isEmpty else {
            let lines = pins.map { "\n  \($0.message)" }.joined()
            throw self.conflict(with: snapshot, "the two do not fit together:\(lines)\n")
        }
        return plan
    }

    private func conflict(with snapshot: RegistrySnapshot, _ reason: String) -> RegistryError {
        RegistryError(
            code: .conflict,
            message: "another apply made version \(snapshot.version) of the registry after this "
                + "plan was made from version \(self.baseVersion), and \(reason); nothing was "
                + "applied; take the other change into the definitions and plan again"
        )
    }
}

/// Puts two changes of the same definitions together.
struct RepositoryMerge {
    /// What both sides changed in two ways, such as `feature view "stats"`.
    private(set) var conflicts: [String] = []

    mutating func merged(
        base: FeatureRepository,
        theirs: FeatureRepository,
        mine: FeatureRepository
    ) -> FeatureRepository {
        FeatureRepository(
            entities: self.merged(
                .entity,
                base.entities,
                theirs.entities,
                mine.entities,
                name: \.name
            ),
            dataSources: self.merged(
                .dataSource,
                base.dataSources,
                theirs.dataSources,
                mine.dataSources,
                name: \.name
            ),
            featureViews: self.merged(
                .featureView,
                base.featureViews,
                theirs.featureViews,
                mine.featureViews,
                name: \.name
            ),
            onDemandFeatureViews: self.merged(
                .onDemandFeatureView,
                base.onDemandFeatureViews,
                theirs.onDemandFeatureViews,
                mine.onDemandFeatureViews,
                name: \.name
            ),
            featureServices: self.merged(
                .featureService,
                base.featureServices,
                theirs.featureServices,
                mine.featureServices,
                name: \.name
            )
        )
    }

    /// The objects of one kind: in their order, then those that only this side has.
    private mutating func merged<Definition: Hashable>(
        _ kind: DefinitionKind,
        _ base: [Definition],
        _ theirs: [Definition],
        _ mine: [Definition],
        name: (Definition) -> String
    ) -> [Definition] {
        let before = Dictionary(base.map { (name($0), $0) }) { first, _ in first }
        let others = Dictionary(theirs.map { (name($0), $0) }) { first, _ in first }
        let own = Dictionary(mine.map { (name($0), $0) }) { first, _ in first }
        var merged: [Definition] = []
        let added = mine.map(name).filter { others[$0] == nil }
        for object in theirs.map(name) + added {
            let (old, other, new) = (before[object], others[object], own[object])
            if other != old, new != old, other != new {
                self.conflicts.append("\(kind.title) \"\(object)\"")
                continue
            }
            if let kept = new == old ? other : new { merged.append(kept) }
        }
        return merged
    }
}
