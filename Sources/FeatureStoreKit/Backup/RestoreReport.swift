/// What a restore has put in place.
public struct RestoreReport: Codable, Hashable, Sendable {
    /// The snapshot.
    public let manifest: SnapshotManifest
    /// What of it was left out, because its entities were forgotten in this project after the
    /// snapshot, or half in the snapshot; `nil` when there are none of which it may have rows.
    public let forgotten: ForgetReceipt?
}
