/// What RocksDB could not do.
package struct RocksDBError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is, as far as a caller can act on it.
    package enum Code: Sendable {
        /// The disk or its files failed; trying again may help.
        case inputOutput
        /// The bytes on disk are not what was written; trying again does not help.
        case corruption
        /// Another handle, of this process or of another one, has the database open.
        case locked
        /// A call that RocksDB does not take; a mistake of the program.
        case invalidArgument
        /// The answer is not in memory, and the disk was not to be asked.
        case notInMemory
        /// Anything else.
        case other
    }

    package let code: Code
    /// RocksDB's own words.
    package let message: String

    package var description: String { "RocksDB: \(self.message)" }

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The error that a status text of RocksDB stands for.
    init(status: String) {
        if status.hasPrefix("IO error"), status.contains("/LOCK:"),
            status.contains("lock hold by current process")
                || status.contains("Resource temporarily unavailable")
        {
            self.init(code: .locked, message: status)
        } else if status.hasPrefix("IO error") {
            self.init(code: .inputOutput, message: status)
        } else if status.hasPrefix("Corruption") {
            self.init(code: .corruption, message: status)
        } else if status.hasPrefix("Invalid argument") {
            self.init(code: .invalidArgument, message: status)
        } else if status.hasPrefix("Result incomplete") {
            self.init(code: .notInMemory, message: status)
        } else {
            self.init(code: .other, message: status)
        }
    }
}
