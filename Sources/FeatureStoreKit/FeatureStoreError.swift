/// Why a use case failed: a code to act on, and words for people.
public struct FeatureStoreError: Error, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    @nonexhaustive
    public enum Code: Sendable {
        /// The definitions, or a request against them, are wrong in a way no other code names.
        case invalidArgument
        /// There is no feature view with that name.
        case featureViewNotFound
        /// There is no feature service with that name.
        case featureServiceNotFound
        /// There is no push source with that name.
        case pushSourceNotFound
        /// There is nothing with that name that rows could be written to.
        case objectNotFound
        /// The view has no feature with that name.
        case featureNotFound
        /// Two requested columns would have the same name.
        case featureNameCollision
        /// A join key that a requested view needs was not given.
        case missingJoinKey
        /// A value that a requested on-demand feature is computed from was not given.
        case missingRequestData
        /// A value cannot be the type that is declared for it.
        case invalidValue
        /// Rows of a source or of an entity file cannot be used.
        case invalidData
        /// Somebody else changed or holds the thing; trying again may help.
        case conflict
        /// What is served is a snapshot, which nobody changes.
        case readOnly
        /// A file, a database or a store cannot be read or written.
        case unavailable
        /// Stored bytes are not what was written.
        case corruptData
        /// Computing took longer than the request allows.
        case deadlineExceeded
    }

    /// What a caller can act on.
    public let code: Code
    /// What went wrong, where, why, and how to mend it; several problems stand a line each.
    public let message: String
    /// The error of the layer below, if it has one.
    public let cause: (any Error)?

    /// An error.
    public init(code: Code, message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    public var description: String { self.message }
}
