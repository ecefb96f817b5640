import NativeStorage

/// Why a cache cannot be made or read; the source itself can be read all the same.
struct CacheProblem: Error {
    /// The reason, as the end of a sentence.
    let message: String

    init(_ message: String) {
        self.message = message
    }

    init(_ error: FileError) {
        self.message = error.message
    }
}

/// Does something with a file of a cache.
func withCacheProblems<Result: ~Copyable>(
    _ body: () throws(FileError) -> Result
) throws(CacheProblem) -> Result {
    do { return try body() } catch { throw CacheProblem(error) }
}
