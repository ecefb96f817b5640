import CRocksDB

/// Changes that a database takes all at once, or not at all.
///
/// Later changes of a key replace earlier ones.
@safe
package struct WriteBatch: ~Copyable {
    let batch: OpaquePointer

    /// An empty batch.
    package init() {
        unsafe self.batch = rocksdb_writebatch_create()
    }

    deinit {
        unsafe rocksdb_writebatch_destroy(self.batch)
    }

    /// The number of changes in the batch.
    package var count: Int { unsafe Int(rocksdb_writebatch_count(self.batch)) }

    /// Stores `value` under `key`.
    package mutating func put(key: Span<UInt8>, value: Span<UInt8>) {
        unsafe key.withCharacters { key, keyCount in
            unsafe value.withCharacters { value, valueCount in
                unsafe rocksdb_writebatch_put(self.batch, key, keyCount, value, valueCount)
            }
        }
    }

    /// Removes `key`, if it is there.
    package mutating func delete(key: Span<UInt8>) {
        unsafe key.withCharacters { key, count in
            unsafe rocksdb_writebatch_delete(self.batch, key, count)
        }
    }

    /// Forgets all changes.
    package mutating func removeAll() {
        unsafe rocksdb_writebatch_clear(self.batch)
    }
}
