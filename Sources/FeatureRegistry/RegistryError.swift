/// Why the registry refused.
public struct RegistryError: Error, Sendable, CustomStringConvertible {
    /// What the caller can act on.
    @nonexhaustive
    public enum Code: Sendable {
        /// The file cannot be opened, read or written.
        case unavailable
        /// Another process held the file for longer than fstore waits; trying again may help.
        case busy
        /// The file is no registry, or is damaged.
        case notARegistry
        /// A newer fstore wrote the file.
        case newerFormat
        /// The registry is that of another project.
        case otherProject
        /// Another apply came first; plan again.
        case conflict
        /// There is no version of that number.
        case unknownVersion
    }

    /// What the caller can act on.
    public let code: Code
    /// What went wrong and how to mend it, for people.
    public let message: String
    /// What the storage said.
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
