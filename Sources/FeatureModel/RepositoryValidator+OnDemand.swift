extension RepositoryValidator {
    // MARK: On-demand feature views

    mutating func check(_ view: OnDemandFeatureView) {
        self.checkName(of: view)
        self.checkSources(of: view)
        if view.features.isEmpty,
            !self.unreadable.contains("features", of: .onDemandFeatureView, view.name)
        {
            self.report(
                .onDemandFeatureView,
                view.name,
                part: "features",
                "has no features",
                fix: "list them: features: [{ name: …, dtype: float64, expression: \"…\" }]"
            )
        }
        var seen: Set<String> = []
        for (index, feature) in view.features.enumerated() {
            if !seen.insert(feature.name).inserted {
                self.report(
                    .onDemandFeatureView,
                    view.name,
                    part: "features.[\(index)]",
                    "defines the feature \"\(feature.name)\" more than once",
                    fix: "rename or remove one of them"
                )
            } else if let reason = Self.flaw(ofName: feature.name) {
                self.report(
                    .onDemandFeatureView,
                    view.name,
                    part: "features.\(feature.name)",
                    "has a feature \"\(feature.name)\" that \(reason)",
                    fix: "rename it"
                )
            } else if feature.name == "event_timestamp" {
                self.report(
                    .onDemandFeatureView,
                    view.name,
                    part: "features.\(feature.name)",
                    "has a feature named \"\(feature.name)\" like the time column of every result",
                    fix: "rename or remove the feature"
                )
            }
        }
    }

    /// References name feature views and on-demand feature views alike.
    private mutating func checkName(of view: OnDemandFeatureView) {
        let folded = view.name.lowercased()
        guard
            let other = self.repository.featureViews.first(where: {
                $0.name.lowercased() == folded
            })
        else { return }
        self.report(
            .onDemandFeatureView,
            view.name,
            part: "name",
            "has the name of the feature view \"\(other.name)\"",
            fix: "rename one of them"
        )
    }

    private mutating func checkSources(of view: OnDemandFeatureView) {
        if view.sources.isEmpty,
            !self.unreadable.contains("sources", of: .onDemandFeatureView, view.name)
        {
            self.report(
                .onDemandFeatureView,
                view.name,
                part: "sources",
                "has no sources",
                fix: "name feature views and request sources: sources: [view, request]"
            )
        }
        var seen: Set<String> = []
        for (index, name) in view.sources.enumerated() {
            let part = "sources.\(index)"
            let isView = self.featureViews[name] != nil
            let source = self.dataSources[name]
            if !seen.insert(name).inserted {
                self.report(
                    .onDemandFeatureView,
                    view.name,
                    part: part,
                    "names the source \"\(name)\" more than once",
                    fix: "name it once"
                )
            } else if isView, source?.requestSchema != nil {
                self.report(
                    .onDemandFeatureView,
                    view.name,
                    part: part,
                    "names the source \"\(name)\", which is both a feature view and a request "
                        + "source",
                    fix: "rename one of them"
                )
            } else if !isView, source?.requestSchema == nil {
                self.reportUnknownSource(name, of: view, part: part)
            }
        }
    }

    private mutating func reportUnknownSource(
        _ name: String,
        of view: OnDemandFeatureView,
        part: String
    ) {
        guard !self.unreadable.contains(objectsOf: .featureView),
            !self.unreadable.contains(objectsOf: .dataSource)
        else { return }
        let requests = self.repository.dataSources.filter { $0.requestSchema != nil }
        let names = self.repository.featureViews.map(\.name) + requests.map(\.name)
        let what: String
        if self.dataSources[name] != nil {
            what = "names the data source \"\(name)\", which is no request source"
        } else if self.onDemandFeatureViews[name] != nil {
            what = "names the on-demand feature view \"\(name)\" as a source"
        } else {
            what = "names an unknown source \"\(name)\""
        }
        self.report(
            .onDemandFeatureView,
            view.name,
            part: part,
            what,
            fix: suggestion(for: name, among: names, noun: "source")
        )
    }
}
