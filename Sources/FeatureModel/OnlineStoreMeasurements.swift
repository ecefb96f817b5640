/// What a store says of its database and its caches.
///
/// RocksDB's own statistics stay off: they would cost a look-up in the database a tenth more. What
/// is here RocksDB counts anyway.
package struct OnlineStoreMeasurements: Sendable {
    /// The bytes of write buffers.
    package var memoryTableBytes = 0
    /// The bytes of the files that hold rows.
    package var fileBytes = 0
    /// How many keys there are, about; deleted and replaced ones count until they are compacted.
    package var estimatedKeys = 0
    /// The bytes that compactions have to rewrite, about.
    package var pendingCompactionBytes = 0
    package var runningCompactions = 0
    package var runningFlushes = 0
    /// Whether writes wait until compactions have caught up.
    package var isWriteStopped = false
    /// What writes are slowed down to, in bytes a second; 0 when they are not.
    package var delayedWriteRate = 0
    /// How long writes were stalled since the store was opened, in seconds.
    package var stallSeconds = 0.0
    /// Errors of flushes and compactions since the store was opened.
    package var backgroundErrors = 0
    /// The bytes in the cache of blocks, and those that may be.
    package var blockCacheBytes = 0
    package var blockCacheCapacity = 0
    /// The bytes in the cache of rows, and those that may be; 0 without one.
    package var rowCacheBytes = 0
    package var rowCacheCapacity = 0
    /// How many look-ups in the cache of rows found what they wanted, and how many did not.
    package var rowCacheHits = 0
    package var rowCacheMisses = 0

    package init() {}
}
