import CRocksDB

/// Calls into RocksDB, and throws when it left an error text behind.
func checkingStatus<Result>(
    _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) throws(RocksDBError) -> Result {
    var text: UnsafeMutablePointer<CChar>?
    let result = unsafe call(&text)
    if let failure = unsafe takenStatus(text) {
        throw failure
    }
    return result
}

/// The error that `text` describes, or `nil` when there is no text; frees the text.
func takenStatus(_ text: UnsafeMutablePointer<CChar>?) -> RocksDBError? {
    guard let text = unsafe text else { return nil }
    defer { unsafe rocksdb_free(text) }
    return RocksDBError(status: unsafe String(cString: text))
}

extension Span<UInt8> {
    /// Calls `body` with the bytes as RocksDB takes them: a pointer and a count.
    func withCharacters<Result>(_ body: (UnsafePointer<CChar>, Int) -> Result) -> Result {
        unsafe self.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else {
                var nothing: CChar = 0
                return unsafe body(&nothing, 0)
            }
            return unsafe body(base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }
}
