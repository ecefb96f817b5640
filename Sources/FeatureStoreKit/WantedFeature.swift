import FeatureModel

/// One feature of a selection, and through which projection of its view it is read.
struct WantedFeature: Sendable {
    let projection: FeatureService.Projection
    let feature: String

    /// The features of a selection, in order.
    ///
    /// - Throws: `invalidArgument` for a reference that is none, `featureServiceNotFound`.
    static func list(
        of selection: FeatureSelection,
        in snapshot: DefinitionSnapshot
    ) throws(FeatureStoreError) -> [WantedFeature] {
        switch selection {
        case .features(let texts): try self.list(of: texts)
        case .service(let name): try self.list(ofService: name, in: snapshot)
        }
    }

    private static func list(of texts: [String]) throws(FeatureStoreError) -> [WantedFeature] {
        var wanted: [WantedFeature] = []
        var problems = Problems()
        for text in texts {
            if let reference = FeatureReference(text) {
                wanted.append(
                    WantedFeature(
                        projection: .init(view: reference.view, version: reference.version),
                        feature: reference.feature
                    )
                )
            } else {
                problems.add(
                    .invalidArgument,
                    about: text,
                    "invalid feature reference \"\(text)\"; the form is view:feature, "
                        + "or view@v2:feature for a generation of the view"
                )
            }
        }
        try problems.check()
        return wanted
    }

    private static func list(
        ofService name: String,
        in snapshot: DefinitionSnapshot
    ) throws(FeatureStoreError) -> [WantedFeature] {
        let repository = snapshot.repository
        guard let service = repository.featureService(name) else {
            let names = repository.featureServices.map(\.name)
            throw FeatureStoreError(
                code: .featureServiceNotFound,
                message: "Feature service \(name) does not exist in project \(snapshot.project); "
                    + snapshot.wayOut(of: name, among: names, noun: "feature service")
            )
        }
        return service.features.flatMap { projection in
            let features = projection.features ?? snapshot.featureNames(of: projection)
            return features.map { WantedFeature(projection: projection, feature: $0) }
        }
    }
}
