/// Why a Feast registry cannot be read or written.
package struct FeastRegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, and how to mend it.
    package let message: String

    package init(_ message: String) {
        self.message = message
    }

    /// The message.
    package var description: String { self.message }
}
