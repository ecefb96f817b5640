extension RocksDB {
    /// Calls `body` with every entry from `lower` (included) to `upper` (excluded), keys ascending.
    ///
    /// The entries are those at the time of the call, whatever is written meanwhile. Key and value
    /// are gone after `body`.
    ///
    /// - Parameters:
    ///   - lower: The first key that may come.
    ///   - upper: The first key that may not come; `nil` for all to the end.
    ///   - body: Gives whether to go on.
    /// - Throws: ``RocksDBError`` when the files fail or are damaged.
    package func scan(
        from lower: [UInt8],
        to upper: [UInt8]?,
        _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
    ) throws(RocksDBError) {
        var cursor = RocksDBCursor(self)
        var isValid = try cursor.seek(to: lower.span)
        while isValid {
            if let upper, cursor.compareKey(to: upper.span) >= 0 { return }
            guard cursor.withEntry(body) else { return }
            isValid = try cursor.next()
        }
    }
}
