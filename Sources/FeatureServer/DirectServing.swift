package import FeatureStoreKit

/// A store that also answers with the texts of rows, without columns in between.
package protocol DirectServing: FeatureServing {
    /// See ``FeatureStore/directRead(for:)``.
    func directRead(for request: OnlineFeaturesRequest) -> DirectRead?

    /// See ``FeatureStore/read(_:entities:body:mayReadFiles:into:)``.
    func read(
        _ read: DirectRead,
        entities: borrowing DirectEntities,
        body: Span<UInt8>,
        mayReadFiles: Bool,
        into rows: inout DirectRows
    ) -> DirectOutcome
}

extension FeatureStore: DirectServing {}
