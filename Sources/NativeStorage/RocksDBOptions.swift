import CRocksDB
import CRocksDBLogger

/// How a database is read and written; the same for open databases and for files made beside them.
@safe
struct RocksDBOptions: ~Copyable {
    let options: OpaquePointer

    /// - Parameter cacheBytes: The size of the block cache; `nil` for files that are only written.
    init(cacheBytes: Int?) {
        let options: OpaquePointer = unsafe rocksdb_options_create()
        unsafe rocksdb_options_set_create_if_missing(options, 1)
        // rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords: a log that ends within a record
        // was cut off; one that is damaged before its end is an error, and not its end.
        unsafe rocksdb_options_set_wal_recovery_mode(options, 0)
        unsafe rocksdb_options_set_max_open_files(options, -1)
        unsafe rocksdb_options_set_max_background_jobs(options, 2)
        unsafe rocksdb_options_set_compression(options, CInt(rocksdb_lz4_compression))
        unsafe crocksdb_options_disable_log(UnsafeMutableRawPointer(options))

        // Every change of the tables begins a new manifest: none keeps keys of tables that are
        // gone.
        unsafe rocksdb_options_set_max_manifest_file_size(options, 1)

        let table: OpaquePointer = unsafe rocksdb_block_based_options_create()
        unsafe rocksdb_block_based_options_set_format_version(table, 5)
        unsafe rocksdb_block_based_options_set_block_size(table, 4096)
        // Takes the policy over, and frees it with the options.
        unsafe rocksdb_block_based_options_set_filter_policy(
            table,
            rocksdb_filterpolicy_create_bloom_full(10)
        )
        unsafe rocksdb_block_based_options_set_data_block_index_type(
            table,
            CInt(rocksdb_block_based_table_data_block_index_type_binary_search_and_hash)
        )
        unsafe rocksdb_block_based_options_set_data_block_hash_ratio(table, 0.75)
        if let cacheBytes {
            let cache: OpaquePointer = unsafe rocksdb_cache_create_lru(max(cacheBytes, 0))
            unsafe rocksdb_block_based_options_set_block_cache(table, cache)
            // The table options share it from here on.
            unsafe rocksdb_cache_destroy(cache)
        } else {
            unsafe rocksdb_block_based_options_set_no_block_cache(table, 1)
        }
        unsafe rocksdb_options_set_block_based_table_factory(options, table)
        unsafe rocksdb_block_based_options_destroy(table)
        unsafe self.options = options
    }

    deinit {
        unsafe rocksdb_options_destroy(self.options)
    }
}
