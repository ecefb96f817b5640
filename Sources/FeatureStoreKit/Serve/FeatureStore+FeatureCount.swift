extension FeatureStore {
    /// How many features a selection stands for, by the definitions that are known already; what
    /// features are computed from counts as well.
    ///
    /// - Returns: 0 for a service that is not known. No file is read.
    public func featureCount(of selection: FeatureSelection) -> Int {
        switch selection {
        case .features(let references):
            guard let definitions = self.knownDefinitions else { return references.count }
            return references.reduce(0) { $0 + definitions.cellCount(of: $1) }
        case .service(let name):
            guard let definitions = self.knownDefinitions,
                let service = definitions.repository.featureService(name)
            else { return 0 }
            return service.features.reduce(0) { count, projection in
                let features = projection.features ?? definitions.featureNames(of: projection)
                return features.reduce(count) { count, feature in
                    count + definitions.cellCount(of: "\(projection.view):\(feature)")
                }
            }
        }
    }
}
