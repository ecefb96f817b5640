import CRocksDB

extension RocksDB {
    /// Reads many keys as they were at one moment, without waiting for a disk, and calls `body` as
    /// ``values(forKeys:ends:sorted:_:)`` does.
    ///
    /// The batched read of RocksDB 7.8 asks the disk whatever it is told, so that this is the other
    /// one.
    ///
    /// - Throws: ``RocksDBError``: `notInMemory` when memory does not have every answer.
    package func valuesInMemory(
        forKeys keys: Span<UInt8>,
        ends: Span<Int>,
        _ body: (Int, Span<UInt8>?) -> Void
    ) throws(RocksDBError) {
        let count = ends.count
        guard count > 0 else { return }
        precondition(ends[count - 1] <= keys.count, "every key lies in the bytes")
        let families = unsafe [OpaquePointer?](repeating: self.handle.family, count: count)
        var pointers = unsafe [UnsafePointer<CChar>?](repeating: nil, count: count)
        var lengths = [Int](repeating: 0, count: count)
        var values = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        var valueLengths = [Int](repeating: 0, count: count)
        var errors = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
        unsafe keys.withCharacters { base, _ in
            var start = 0
            for index in 0..<count {
                precondition(ends[index] >= start, "keys end in ascending order")
                unsafe pointers[index] = unsafe base + start
                lengths[index] = ends[index] - start
                start = ends[index]
            }
            unsafe rocksdb_multi_get_cf(
                self.handle.database,
                self.handle.memoryReads,
                families,
                count,
                pointers,
                lengths,
                &values,
                &valueLengths,
                &errors
            )
        }
        defer {
            for index in 0..<count {
                unsafe rocksdb_free(values[index])
            }
        }
        var failure: RocksDBError?
        for index in 0..<count {
            let status = unsafe takenStatus(errors[index])
            failure = failure ?? status
        }
        if let failure {
            throw failure
        }
        for index in 0..<count {
            guard let value = unsafe values[index] else {
                body(index, nil)
                continue
            }
            let start = unsafe UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self)
            let bytes = unsafe UnsafeBufferPointer(start: start, count: valueLengths[index])
            unsafe body(index, bytes.span)
        }
    }
}
