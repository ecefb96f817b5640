extension FeatureStore {
    /// How many features a selection stands for, by the definitions that are known already.
    ///
    /// - Returns: 0 for a service that is not known. No file is read.
    public func featureCount(of selection: FeatureSelection) -> Int {
        switch selection {
        case .features(let references):
            return references.count
        case .service(let name):
            guard let repository = self.knownDefinitions?.repository,
                let service = repository.featureService(name)
            else { return 0 }
            return service.features.reduce(0) { count, projection in
                let all = repository.featureView(projection.view)?.schema.count ?? 0
                return count + (projection.features?.count ?? all)
            }
        }
    }
}
