import CRocksDB

extension RocksDB {
    /// Reads many keys at once, and calls `body` with each index and its value in the keys' order.
    ///
    /// The values stay in RocksDB's cache: nothing is copied, and they are gone after `body`.
    ///
    /// - Parameters:
    ///   - keys: The bytes of all keys, end to end.
    ///   - ends: Where each key ends in `keys`, ascending, `[n]`.
    ///   - sorted: Whether the keys ascend; saves sorting them.
    ///   - body: Called n times; `nil` when there is no such key.
    /// - Throws: ``RocksDBError`` when the files fail or are damaged; `body` is not called then.
    /// - Complexity: One allocation a call beside RocksDB's own.
    package func values(
        forKeys keys: Span<UInt8>,
        ends: Span<Int>,
        sorted: Bool = false,
        _ body: (Int, Span<UInt8>?) -> Void
    ) throws(RocksDBError) {
        let count = ends.count
        guard count > 0 else { return }
        precondition(ends[count - 1] <= keys.count, "every key lies in the bytes")
        // Four arrays of C in one block: key pointers, key lengths, values, errors.
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: 4 * count * MemoryLayout<Int>.stride,
            alignment: MemoryLayout<Int>.alignment
        )
        defer { unsafe block.deallocate() }
        let pointers = unsafe block.bindMemory(to: UnsafePointer<CChar>?.self, capacity: count)
        let lengths = unsafe (block + 8 * count).bindMemory(to: Int.self, capacity: count)
        let values = unsafe (block + 16 * count)
            .bindMemory(to: OpaquePointer?.self, capacity: count)
        let errors = unsafe (block + 24 * count)
            .bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: count)

        // Of this thread, which else counts every comparison of keys for statistics nobody reads.
        rocksdb_set_perf_level(CInt(rocksdb_disable))
        unsafe keys.withCharacters { base, _ in
            var start = 0
            for index in 0..<count {
                precondition(ends[index] >= start, "keys end in ascending order")
                unsafe (pointers + index).initialize(to: base + start)
                unsafe (lengths + index).initialize(to: ends[index] - start)
                unsafe (values + index).initialize(to: nil)
                unsafe (errors + index).initialize(to: nil)
                start = ends[index]
            }
            unsafe rocksdb_batched_multi_get_cf(
                self.handle.database,
                self.handle.reads,
                self.handle.family,
                count,
                pointers,
                lengths,
                values,
                errors,
                sorted
            )
        }

        var failure: RocksDBError?
        for index in 0..<count {
            let error = unsafe takenStatus(errors[index])
            failure = failure ?? error
        }
        for index in 0..<count {
            guard let pinned = unsafe values[index] else {
                if failure == nil {
                    body(index, nil)
                }
                continue
            }
            if failure == nil {
                let bytes = unsafe pinnedBytes(pinned)
                unsafe body(index, bytes.span)
            }
            unsafe rocksdb_pinnableslice_destroy(pinned)
        }
        if let failure {
            throw failure
        }
    }
}
