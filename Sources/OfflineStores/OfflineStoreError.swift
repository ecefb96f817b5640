import NativeStorage

/// Why history cannot be read, or a training set not be written.
package struct OfflineStoreError: Error, Sendable, CustomStringConvertible {
    /// What the caller can act on.
    package enum Code: Sendable {
        /// A file of a source, or the entity file, is not there.
        case missingFile
        /// A source lies where the repository may not look.
        case outsideRepository
        /// A file has no column of that name, or not the columns that its neighbours have.
        case missingColumn
        /// The database has no such table.
        case missingTable
        /// A file's header or quotes are broken, or it is no gzip: nothing after it can be trusted.
        case malformedFile
        /// The file is no SQLite database.
        case notADatabase
        /// SQLite refuses the query of a source.
        case invalidSQL
        /// Rows or cells cannot be used, and the run is strict.
        case badRows
        /// The source names a time zone that nobody knows.
        case unknownTimeZone
        /// The cache of a source turned out to be damaged while it was read, and is gone; reading
        /// the source again works.
        case damagedCache
        /// More rows than one run can number.
        case tooManyRows
        /// What must be held at least is more than the memory limit.
        case memoryLimit
        /// A file or a database cannot be read or written.
        case inputOutput
    }

    /// What the caller can act on.
    package let code: Code
    /// What went wrong, where, why, and how to mend it; several samples stand a line each.
    package let message: String
    /// The error of the layer below, if it has one.
    package let cause: (any Error)?
    /// The path of a source that is not there, as its definition writes it or absolute.
    package let missingPath: String?

    package init(
        code: Code,
        message: String,
        cause: (any Error)? = nil,
        missingPath: String? = nil
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.missingPath = missingPath
    }

    /// The error of a file.
    init(_ error: FileError) {
        let code: Code =
            switch error.code {
            case .missing: .missingFile
            case .corrupt: .malformedFile
            case .inputOutput: .inputOutput
            }
        self.init(code: code, message: error.message, cause: error)
    }

    /// The error of a database.
    init(_ error: SQLiteError) {
        let code: Code =
            switch error.code {
            case .notADatabase: .notADatabase
            case .other: .invalidSQL
            case .cannotOpen, .busy, .constraint, .inputOutput: .inputOutput
            }
        self.init(code: code, message: error.message, cause: error)
    }

    package var description: String { self.message }
}

/// Does something with a file, and passes its error on as one of this layer.
func withFileErrors<Result: ~Copyable>(
    _ body: () throws(FileError) -> Result
) throws(OfflineStoreError) -> Result {
    do { return try body() } catch { throw OfflineStoreError(error) }
}

/// Reads a source from its beginning, and once more when its cache turns out to be damaged.
///
/// - Parameter body: Reads it; nothing that it did the first time may matter.
/// - Returns: What it gave.
/// - Throws: What it throws.
package func readingAgainIfDamaged<Result>(
    _ body: () throws(OfflineStoreError) -> Result
) throws(OfflineStoreError) -> Result {
    do {
        return try body()
    } catch {
        guard error.code == .damagedCache else { throw error }
        return try body()
    }
}
