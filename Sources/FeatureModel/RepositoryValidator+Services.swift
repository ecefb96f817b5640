extension RepositoryValidator {
    /// What a service may take from: a feature view or an on-demand feature view.
    private struct Target {
        let kind: DefinitionKind
        let name: String
        let features: [String]
        let joinKeys: [String]
        /// Whether its features are known.
        let isReadable: Bool
    }

    mutating func check(_ service: FeatureService) {
        let isUnreadable = self.unreadable.contains("features", of: .featureService, service.name)
        if service.features.isEmpty, !isUnreadable {
            self.report(
                .featureService,
                service.name,
                part: "features",
                "has no features",
                fix: "list feature views, or features of a view: features: [{ view: [feature] }]"
            )
        }
        var seen: Set<FeatureReference> = []
        for (index, projection) in service.features.enumerated() {
            let part = "features.\(index)"
            guard let target = self.target(of: projection) else {
                self.reportUnknownView(projection, in: service, part: part)
                continue
            }
            if let features = projection.features, features.isEmpty {
                self.report(
                    .featureService,
                    service.name,
                    part: part,
                    "takes no features of \"\(projection.view)\"",
                    fix: "name some, or write the view's name alone for all of them"
                )
            }
            self.checkNames(of: projection, target: target, in: service, part: part)
            self.checkFeatures(
                of: projection,
                target: target,
                in: service,
                part: part,
                seen: &seen
            )
        }
    }

    private func target(of projection: FeatureService.Projection) -> Target? {
        if let view = self.featureViews[projection.view] {
            return Target(
                kind: .featureView,
                name: view.name,
                features: view.schema.map(\.name),
                joinKeys: self.repository.joinKeys(of: view).map(\.name),
                isReadable: !self.unreadable.contains("schema", of: .featureView, view.name)
            )
        }
        return self.onDemandFeatureViews[projection.view].map { view in
            Target(
                kind: .onDemandFeatureView,
                name: view.name,
                features: view.features.map(\.name),
                joinKeys: [],
                isReadable: !self.unreadable.contains(
                    "features",
                    of: .onDemandFeatureView,
                    view.name
                )
            )
        }
    }

    private mutating func reportUnknownView(
        _ projection: FeatureService.Projection,
        in service: FeatureService,
        part: String
    ) {
        guard !self.unreadable.contains(objectsOf: .featureView),
            !self.unreadable.contains(objectsOf: .onDemandFeatureView)
        else { return }
        let names =
            self.repository.featureViews.map(\.name)
            + self.repository.onDemandFeatureViews.map(\.name)
        self.report(
            .featureService,
            service.name,
            part: part,
            "names an unknown feature view \"\(projection.view)\"",
            fix: DefinitionKind.featureView.wayOut(of: projection.view, among: names)
        )
    }

    /// Checks the alias and the join-key map.
    private mutating func checkNames(
        of projection: FeatureService.Projection,
        target: Target,
        in service: FeatureService,
        part: String
    ) {
        let isOnDemand = target.kind == .onDemandFeatureView
        if isOnDemand,
            projection.alias != nil || projection.version != nil || !projection.joinKeyMap.isEmpty
        {
            self.report(
                .featureService,
                service.name,
                part: part,
                "gives the on-demand feature view \"\(projection.view)\" an alias, a version or a "
                    + "join_key_map",
                fix: "only feature views can have them; write the name alone"
            )
            return
        }
        if let alias = projection.alias,
            let reason = Self.flaw(ofName: alias) ?? Self.flaw(ofViewName: alias)
        {
            self.report(
                .featureService,
                service.name,
                part: "\(part).alias",
                "has an alias \"\(alias)\" that \(reason)",
                fix: "give it another name"
            )
        }
        self.checkJoinKeyMap(of: projection, target: target, in: service, part: part)
    }

    private mutating func checkJoinKeyMap(
        of projection: FeatureService.Projection,
        target: Target,
        in service: FeatureService,
        part: String
    ) {
        // The keys of an earlier generation may be others.
        guard projection.version == nil, !self.unreadable.contains(objectsOf: .entity) else {
            return
        }
        var columns: [String: String] = [:]
        for key in target.joinKeys {
            let column = projection.joinKeyMap[key] ?? key
            if let other = columns[column] {
                self.report(
                    .featureService,
                    service.name,
                    part: "\(part).join_key_map",
                    "reads the join keys \"\(other)\" and \"\(key)\" of \"\(target.name)\" from "
                        + "one column, \"\(column)\"",
                    fix: "give each join key its own column"
                )
            }
            columns[column] = key
        }
        for (key, column) in projection.joinKeyMap.sorted(by: { $0.key < $1.key }) {
            let keyPart = "\(part).join_key_map.\(key)"
            if !target.joinKeys.contains(key) {
                let way =
                    target.joinKeys.isEmpty
                    ? "the view has none; remove the map"
                    : suggestion(for: key, among: target.joinKeys, noun: "join key")
                self.report(
                    .featureService,
                    service.name,
                    part: keyPart,
                    "maps \"\(key)\", which is no join key of \"\(target.name)\"",
                    fix: way
                )
            } else if let reason = Self.flaw(ofName: column) {
                self.report(
                    .featureService,
                    service.name,
                    part: keyPart,
                    "maps \"\(key)\" to a column \"\(column)\" that \(reason)",
                    fix: "name a column of the entity rows"
                )
            }
        }
    }

    private mutating func checkFeatures(
        of projection: FeatureService.Projection,
        target: Target,
        in service: FeatureService,
        part: String,
        seen: inout Set<FeatureReference>
    ) {
        let known = Set(target.features)
        let viewName = projection.viewName
        func reference(_ feature: String) -> FeatureReference {
            FeatureReference(view: viewName, feature: feature)
        }
        guard let chosen = projection.features else {
            // A view that is named again is one mistake, however many features it has.
            if let twice = target.features.first(where: { seen.contains(reference($0)) }) {
                self.reportTwice(reference(twice), in: service, part: part)
            }
            seen.formUnion(target.features.map(reference))
            return
        }
        for (index, feature) in chosen.enumerated() {
            let featurePart = "\(part).\(index)"
            // Which features an earlier generation has, only the registry knows.
            if projection.version == nil, !known.contains(feature) {
                guard target.isReadable else { continue }
                self.report(
                    .featureService,
                    service.name,
                    part: featurePart,
                    "names an unknown feature \"\(feature)\" of \(target.kind.title) "
                        + "\"\(target.name)\"",
                    fix: suggestion(for: feature, among: target.features, noun: "feature")
                )
            } else if !seen.insert(reference(feature)).inserted {
                self.reportTwice(reference(feature), in: service, part: featurePart)
            }
        }
    }

    private mutating func reportTwice(
        _ reference: FeatureReference,
        in service: FeatureService,
        part: String
    ) {
        self.report(
            .featureService,
            service.name,
            part: part,
            "takes the feature \"\(reference)\" more than once",
            fix: "take it once, or give the view an alias"
        )
    }
}
