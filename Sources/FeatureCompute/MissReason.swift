/// Why an entity row has no history row.
package enum MissReason: UInt8, CaseIterable, Sendable {
    /// It has one.
    case none
    /// The source has no row for the key.
    case noRow
    /// All rows that are not in the future are older than the ttl.
    case olderThanTTL
    /// All rows of the key are later than the entity row.
    case onlyInFuture
    /// A row was valid, but every valid row was created after the entity row's time.
    case createdLater
    /// The entity row's key is null, or cannot be the declared type.
    case nullKey
    /// The entity row's time is null, or is no time.
    case nullTime
}
