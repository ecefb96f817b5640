import FeatureModel

extension FeatureStore {
    /// The newest values of some features for some entities, as of now.
    ///
    /// What is served is what a training row with the time now would get, cell by cell: rows older
    /// than their view's ttl are withheld. One unknown entity does not fail the others.
    ///
    /// - Parameter request: The features, and the ids column by column, `[rows]` each.
    /// - Returns: One column per given join key and one per feature, in the order asked for, each
    ///   with `[rows]` values, statuses and event times.
    /// - Throws: ``FeatureStoreError``: `featureViewNotFound`, `featureServiceNotFound`,
    ///   `featureNotFound`, `featureNameCollision`, `missingJoinKey`, `invalidValue` for an id that
    ///   cannot be its declared type, `invalidArgument` for a view that is not served online;
    ///   `conflict` when another process holds the online store.
    /// - Complexity: One batched look-up of rows × views keys.
    public func onlineFeatures(
        _ request: OnlineFeaturesRequest
    ) throws(FeatureStoreError) -> OnlineFeatures {
        var answer = OnlineFeatures()
        try self.readOnlineFeatures(request, into: &answer)
        return answer
    }

    /// Reads the newest values into the memory of an answer that is no longer needed.
    ///
    /// For loops that ask again and again: columns that have had room for as many rows of the same
    /// features are not allocated anew.
    ///
    /// - Parameters:
    ///   - request: See ``onlineFeatures(_:)``.
    ///   - answer: Gets what ``onlineFeatures(_:)`` returns; of no use when the call throws.
    /// - Throws: See ``onlineFeatures(_:)``.
    public func readOnlineFeatures(
        _ request: OnlineFeaturesRequest,
        into answer: inout OnlineFeatures
    ) throws(FeatureStoreError) {
        while true {
            let definitions = try self.appliedSnapshot()
            let online = try self.online()
            if !self.waitingRows.isWatched {
                try self.writeWaitingRows(dueBy: self.now(), into: online.store)
            }
            try online.read(request, definitions: definitions, now: self.now, into: &answer)
            // An apply meanwhile may have removed rows that only the definitions before it serve.
            if self.isInForce(definitions.state) { return }
        }
    }

    /// The newest values of some features for some entities, as of now.
    ///
    /// - Parameters:
    ///   - features: References such as `view:feature`, or a service.
    ///   - entities: The ids of each join key, `[rows]` each.
    ///   - fullFeatureNames: Whether features are called `view__feature`.
    /// - Returns: See ``onlineFeatures(_:)``.
    /// - Throws: See ``onlineFeatures(_:)``.
    public func onlineFeatures(
        _ features: FeatureSelection,
        entities: KeyValuePairs<String, [Value]>,
        fullFeatureNames: Bool = false
    ) throws(FeatureStoreError) -> OnlineFeatures {
        try self.onlineFeatures(
            OnlineFeaturesRequest(
                selection: features,
                entities: entities.map { .init(name: $0.key, values: $0.value) },
                fullFeatureNames: fullFeatureNames
            )
        )
    }
}
