public import FeatureStoreKit

extension FeatureStore: FeatureServing {
    /// The project that is served.
    public var project: String { self.configuration.project }

    /// See ``FeatureStore/historicalFeatures(_:entities:options:progress:)``.
    public func trainingSet(
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions
    ) throws(FeatureStoreError) -> TrainingSet {
        try self.historicalFeatures(features, entities: entities, options: options)
    }

    /// A load's report as JSON.
    public func materialize(
        from start: Timestamp?,
        to end: Timestamp?,
        views: [String]?,
        strict: Bool
    ) throws(FeatureStoreError) -> String {
        try jsonText(
            of: self.materialize(
                from: start,
                to: end,
                views: views,
                strict: strict,
                progress: nil
            )
        )
    }

    /// An incremental load's report as JSON.
    public func materializeIncremental(
        to end: Timestamp?,
        views: [String]?,
        strict: Bool
    ) throws(FeatureStoreError) -> String {
        try jsonText(
            of: self.materializeIncremental(to: end, views: views, strict: strict, progress: nil)
        )
    }

    /// A comparison's report as JSON.
    public func verify(views: [String]?) throws(FeatureStoreError) -> String {
        let report: VerificationReport = try self.verify(views: views)
        return try jsonText(of: report)
    }

    /// The receipt of a forgetting as JSON.
    public func forgetSummary(_ request: ForgetRequest) throws(FeatureStoreError) -> String {
        try jsonText(of: self.forget(request))
    }

    /// The report of a collection of garbage as JSON.
    public func garbageSummary(isDryRun: Bool) throws(FeatureStoreError) -> String {
        try jsonText(of: self.collectGarbage(isDryRun: isDryRun))
    }

    /// The project's status as JSON.
    public func statusSummary() throws(FeatureStoreError) -> String {
        try jsonText(of: self.status())
    }

    /// A snapshot beside the store as JSON.
    public func stagedSnapshot() throws(FeatureStoreError) -> String {
        try jsonText(of: self.stageSnapshot())
    }

    /// Takes up what was applied since the last call.
    public func refreshDefinitions() throws(FeatureStoreError) {
        try self.refresh()
    }

    /// Whether the definitions and the online store are open.
    public func health() -> Bool { self.isReady }
}

private func jsonText(of value: some Encodable) throws(FeatureStoreError) -> String {
    String(decoding: try ReportJSON.encode(value), as: UTF8.self)
}
