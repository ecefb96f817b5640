extension FeatureStore {
    /// How many features a selection stands for, by the definitions that are known already.
    ///
    /// - Returns: 0 for a service that is not known. No file is read.
    public func featureCount(of selection: FeatureSelection) -> Int {
        switch selection {
        case .features(let references):
            return references.count
        case .service(let name):
            guard let definitions = self.knownDefinitions,
                let service = definitions.repository.featureService(name)
            else { return 0 }
            return service.features.reduce(0) { count, projection in
                let features = projection.features ?? definitions.featureNames(of: projection)
                return count + features.count
            }
        }
    }
}
