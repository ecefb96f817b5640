/// What SQLite refused, and why.
package struct SQLiteError: Error, Sendable, CustomStringConvertible {
    /// What the caller can act on.
    package enum Code: Sendable {
        /// The file cannot be opened: it is missing, unreadable or a directory.
        case cannotOpen
        /// The file is no SQLite database, or its pages are damaged.
        case notADatabase
        /// Another connection held the database for longer than the busy timeout.
        case busy
        /// A constraint of the schema was violated.
        case constraint
        /// The disk is full, read-only or failing.
        case inputOutput
        /// The statement is wrong, or anything else.
        case other
    }

    /// What the caller can act on.
    package let code: Code
    /// SQLite's own words, with the file or the statement.
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
