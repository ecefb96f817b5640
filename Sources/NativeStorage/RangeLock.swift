import Glibc

/// Locks on ranges of a file, held together by one open file, whichever thread or process asks.
///
/// Unlike SQLite's they belong to this value: another one of the same process is another holder.
/// The kernel gives them back with the value or the process.
package struct RangeLock: ~Copyable, Sendable {
    // fcntl's commands for locks that belong to the open file.
    private static let setWithoutWaiting: CInt = 37
    private static let setOrWait: CInt = 38

    private let path: String
    private let descriptor: CInt

    deinit {
        close(self.descriptor)
    }

    /// Opens the file, which is made when it is not there; nothing is locked yet.
    package init(path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(writing: path, errorNumber: errno) }
        self.path = path
        self.descriptor = descriptor
    }

    /// Locks a range for reading, as many may at a time.
    ///
    /// - Returns: Whether it was to be had at once.
    package borrowing func share(_ range: Range<Int64>) throws(FileError) -> Bool {
        try self.set(Int16(F_RDLCK), range, waits: false)
    }

    /// Locks a range for this value alone.
    ///
    /// - Parameters:
    ///   - range: The range.
    ///   - waits: Whether to wait for others, however long they take.
    /// - Returns: Whether it was to be had.
    /// - Throws: ``FileError`` when the file system knows no locks.
    package borrowing func take(
        _ range: Range<Int64>,
        waits: Bool
    ) throws(FileError) -> Bool {
        try self.set(Int16(F_WRLCK), range, waits: waits)
    }

    private borrowing func set(
        _ kind: Int16,
        _ range: Range<Int64>,
        waits: Bool
    ) throws(FileError) -> Bool {
        var lock = flock()
        lock.l_type = kind
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(range.lowerBound)
        lock.l_len = off_t(range.upperBound - range.lowerBound)
        while true {
            let command = waits ? Self.setOrWait : Self.setWithoutWaiting
            let result = unsafe withUnsafeMutablePointer(to: &lock) { pointer in
                unsafe fcntl(self.descriptor, command, UnsafeMutableRawPointer(pointer))
            }
            if result == 0 { return true }
            switch errno {
            case EINTR: continue
            case EAGAIN, EACCES: return false
            default: throw FileError(writing: self.path, errorNumber: errno)
            }
        }
    }
}
