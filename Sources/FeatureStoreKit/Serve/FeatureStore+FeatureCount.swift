extension FeatureStore {
    /// Whether a selection has features that are computed.
    ///
    /// It goes by the definitions that are known already; no file is read.
    public func computesFeatures(of selection: FeatureSelection) -> Bool {
        self.knownDefinitions?.computesFeatures(of: selection) ?? false
    }

    /// How many features a selection stands for, by the definitions that are known already; what
    /// features are computed from counts as well.
    ///
    /// - Returns: 0 for a service that is not known. No file is read.
    public func featureCount(of selection: FeatureSelection) -> Int {
        let definitions = self.knownDefinitions
        return switch selection {
        case .features(let references):
            definitions?.cellCount(of: references) ?? references.count
        case .service(let name):
            definitions?.cellCount(ofService: name) ?? 0
        }
    }
}
