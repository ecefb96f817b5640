import OnlineStores

extension FeatureStore {
    /// A request that finds something: the first service whose views are loaded, or else the first
    /// loaded view, for an entity that is in the store.
    ///
    /// - Returns: `nil` when nothing is loaded, or no service fits.
    public func exampleRequest() throws(FeatureStoreError) -> OnlineFeaturesRequest? {
        let definitions = try self.snapshot()
        let store = try self.online().store
        let services = definitions.repository.featureServices.map {
            FeatureSelection.service($0.name)
        }
        let views = definitions.repository.featureViews.map { view in
            FeatureSelection.features(view.schema.map { "\(view.name):\($0.name)" })
        }
        for selection in services + views {
            let resolution: FeatureResolution
            do {
                resolution = try FeatureResolution(
                    selection,
                    in: definitions,
                    fullFeatureNames: true
                )
            } catch {
                // A feature of a function that this program does not have makes no example.
                continue
            }
            guard resolution.requestFields.isEmpty, resolution.views.allSatisfy(\.view.online)
            else { continue }
            var entities: [OnlineFeaturesRequest.EntityColumn] = []
            for view in resolution.views {
                for column in try store.firstKey(of: view) ?? []
                where !entities.contains(where: { $0.name == column.name }) {
                    entities.append(column)
                }
            }
            if !entities.isEmpty, entities.count == resolution.joinKeys.count {
                return OnlineFeaturesRequest(selection: selection, entities: entities)
            }
        }
        return nil
    }
}

extension RocksDBOnlineStore {
    /// The ids of the first row of a view, as text that is read as the ids' types.
    fileprivate func firstKey(
        of wanted: FeatureResolution.View
    ) throws(FeatureStoreError) -> [OnlineFeaturesRequest.EntityColumn]? {
        let description = OnlineViewDescription(wanted.generation)
        guard let stored = self.storedView(matching: description) else { return nil }
        var first: [UInt8]?
        do {
            try self.iterate(stored) { key, _ in
                first = key.indices.map { key[$0] }
                return false
            }
            guard let first else { return nil }
            let encoder = try EntityKeyEncoder(joinKeys: wanted.joinKeys, viewID: stored.viewID)
            let values = try encoder.decode(first.span)
            return zip(wanted.entityKeys, values).map { key, value in
                .init(name: key.name, values: [value.asIDText])
            }
        } catch {
            throw FeatureStoreError(error)
        }
    }
}

extension Value {
    /// The value as text that a request may give for it.
    fileprivate var asIDText: Value {
        switch self {
        case .integer(let value): .string(String(value))
        case .timestamp(let value): .string(value.description)
        default: self
        }
    }
}
