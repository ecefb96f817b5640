import Glibc

/// How long somebody waits for a ``FileLock`` that another one holds.
package struct LockWait: Sendable {
    /// The longest time; zero is some milliseconds.
    package let timeout: Duration
    /// Asked again and again while a holder is known: whether to wait for it.
    package let isWorthIt: @Sendable (FileLockHolder) -> Bool

    package init(
        timeout: Duration = .zero,
        isWorthIt: @escaping @Sendable (FileLockHolder) -> Bool = { _ in true }
    ) {
        self.timeout = timeout
        self.isWorthIt = isWorthIt
    }
}

/// Lets the thread rest.
package func pause(milliseconds: UInt32) {
    usleep(milliseconds * 1000)
}
