import NativeStorage

/// Why the online store could not do what it was asked.
package struct OnlineStoreError: Error, Sendable, CustomStringConvertible {
    /// What a caller can do about it.
    package enum Code: Hashable, Sendable {
        /// Memory does not have the answer, and the files were not to be read.
        case notInMemory
        /// The files cannot be read or written; trying again may help.
        case unavailable
        /// The store holds the rows of another project.
        case otherProject
        /// Another process, or another store of this one, has the directory open.
        case locked
        /// RocksDB's own files are damaged; tear the store down and load it again.
        case corruptFiles
        /// Bytes in the store are not a row; loading the view again mends it.
        case corruptRow
        /// Bytes are not a key of the view.
        case corruptKey
        /// The list of the views cannot be read, or a newer fstore wrote it.
        case corruptCatalogue
        /// Values that are no row of the schema, or a row that does not belong where it was put.
        case invalidRow
        /// Values that are no key of the view, or a key that does not belong where it was put.
        case invalidKey
        /// The view was dropped or made anew while it was being loaded; load it again.
        case superseded
    }

    package let code: Code
    /// What went wrong and how to mend it, for people; without keys and without values.
    package let message: String
    /// The failure below, if there is one.
    package let cause: (any Error)?

    package var description: String { self.message }

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension OnlineStoreError {
    /// The error that a failure of the database means for the store.
    init(_ error: RocksDBError, directory: String) {
        switch error.code {
        case .corruption:
            self.init(
                .corruptFiles,
                "the online store at \(directory) is damaged (\(error.message)); remove the folder "
                    + "and materialize again",
                cause: error
            )
        case .locked:
            self.init(
                .locked,
                "the online store at \(directory) is open elsewhere, under another path; use one "
                    + "path for it everywhere",
                cause: error
            )
        case .notInMemory:
            self.init(
                .notInMemory,
                "the rows are not in memory; read the files of the online store",
                cause: error
            )
        case .inputOutput, .invalidArgument, .other:
            self.init(
                .unavailable,
                "the online store at \(directory) failed: \(error.message); see that it is a "
                    + "folder that may be written, with room on its disk",
                cause: error
            )
        }
    }
}
