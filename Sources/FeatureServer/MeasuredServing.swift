import FeatureModel
package import FeatureStoreKit

/// A store that also says how it is.
package protocol MeasuredServing: FeatureServing {
    /// Whether the store can serve, and how fresh it is; called on event loops, so without any I/O.
    var readiness: StoreReadiness { get }

    /// All that the store measures of itself; called on a thread that may wait for disks.
    func measurements() throws(FeatureStoreError) -> StoreMeasurements
}

extension FeatureStore: MeasuredServing {}

extension FeatureServing {
    /// Whether the store can serve; of one that measures nothing, what its health says.
    var currentReadiness: StoreReadiness {
        if let measured = self as? any MeasuredServing { return measured.readiness }
        return StoreReadiness(
            isOpen: self.health(),
            registryVersion: 1,
            views: [],
            now: Timestamp.now()
        )
    }

    /// All that the store measures of itself.
    func currentMeasurements() throws(FeatureStoreError) -> StoreMeasurements {
        if let measured = self as? any MeasuredServing { return try measured.measurements() }
        return StoreMeasurements(readiness: self.currentReadiness)
    }
}
