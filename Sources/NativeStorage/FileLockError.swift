/// Why a ``FileLock`` could not be taken.
package struct FileLockError: Error, Sendable, CustomStringConvertible {
    /// Where the lock's file is.
    package let path: String
    /// Who has the lock; `nil` when the file itself failed, or its holder did not say.
    package let holder: FileLockHolder?
    /// What went wrong, in a few words.
    package let reason: String

    package var description: String {
        guard let holder = self.holder else { return "\(self.path): \(self.reason)" }
        return "\(self.path) is held by process \(holder.processID) (\(holder.command))"
    }
}
