import FeatureModel
import FeatureRegistry

extension Problems {
    /// Adds that there is no such view, or no such generation of it.
    ///
    /// - Parameters:
    ///   - name: The view as it was asked for: `view`, or `view@v2`.
    ///   - snapshot: The definitions.
    ///   - withOnDemandViews: Whether an on-demand feature view would have done.
    mutating func addUnknownView(
        _ name: String,
        in snapshot: DefinitionSnapshot,
        withOnDemandViews: Bool = true
    ) {
        let repository = snapshot.repository
        let onDemandViews = withOnDemandViews ? repository.onDemandFeatureViews.map(\.name) : []
        if let reference = ViewReference(name), let version = reference.version,
            repository.featureView(reference.view) != nil
        {
            self.add(
                .featureViewNotFound,
                about: name,
                "feature view \"\(reference.view)\" has no generation \(version); "
                    + snapshot.registry.wayOut(
                        ofGenerationOf: reference.view,
                        version: version
                    )
            )
            return
        }
        let view = ViewReference(name)?.view ?? name
        if repository.onDemandFeatureViews.contains(where: { $0.name == view }) {
            self.add(
                .featureViewNotFound,
                about: name,
                "\"\(view)\" is an on-demand feature view, which "
                    + (withOnDemandViews
                        ? "has no generations; write \"\(view)\""
                        : "is computed when it is asked for; name a feature view that it is "
                            + "computed from")
            )
            return
        }
        let isService =
            withOnDemandViews && repository.featureServices.contains { $0.name == name }
        self.add(
            .featureViewNotFound,
            about: name,
            "Feature view \(name) does not exist in project \(snapshot.project); "
                + (isService
                    ? "\"\(name)\" is a feature service, which is asked for by its name alone "
                        + "(feature_service, --feature-service)"
                    : snapshot.wayOut(
                        of: name,
                        among: repository.featureViews.map(\.name) + onDemandViews,
                        noun: "feature view"
                    ))
        )
    }

    /// Adds that a view has no such feature.
    mutating func addUnknownFeature(
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
