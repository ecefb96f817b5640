import Glibc

/// A lock on a file that at most one holder has, and that names its holder to everyone else.
///
/// The kernel releases the lock when the process ends, however it ends: a dead holder never blocks.
/// Taken twice by one process, the second time fails as it does for another process. The file stays
/// when the lock is released, for removing it would let two holders in.
package struct FileLock: ~Copyable, Sendable {
    /// Where the file is.
    package let path: String
    private let descriptor: CInt

    deinit {
        // Nobody holds it from here on, so nobody is named.
        ftruncate(self.descriptor, 0)
        unlockAndClose(self.descriptor)
    }

    /// Takes the lock, and writes `holder` into the file.
    ///
    /// - Parameters:
    ///   - path: Where the file is; made when it is not there.
    ///   - holder: What others learn of this process.
    ///   - wait: How long to wait for another holder; by default some milliseconds.
    /// - Returns: The lock.
    /// - Throws: ``FileLockError`` with the holder when someone else has the lock, or with the
    ///   reason why the file cannot be used.
    package static func acquire(
        path: String,
        holder: FileLockHolder = .thisProcess(),
        wait: LockWait = LockWait()
    ) throws(FileLockError) -> FileLock {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FileLockError(path: path, holder: nil, reason: errnoText())
        }
        // Tried again in any case, because `holder(ofLockAt:)` takes the lock for an instant to
        // test it, and because a new holder needs an instant to write its name.
        let deadline = ContinuousClock.now + max(wait.timeout, .milliseconds(10))
        var pause: UInt32 = 2000
        while true {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                let lock = FileLock(path: path, descriptor: descriptor)
                try lock.describe(holder)
                return lock
            }
            let failure = errno
            if failure != EWOULDBLOCK, failure != EINTR {
                close(descriptor)
                throw FileLockError(path: path, holder: nil, reason: errnoText(failure))
            }
            let other = readHolder(from: descriptor)
            let isWorthIt = other.map { $0.hasEnded || wait.isWorthIt($0) } ?? true
            guard ContinuousClock.now < deadline, isWorthIt else {
                close(descriptor)
                throw FileLockError(path: path, holder: other, reason: "it is locked")
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Replaces what the file says of the holder, such as when a server knows its address.
    package borrowing func describe(_ holder: FileLockHolder) throws(FileLockError) {
        let text = holder.sealed
        let written = unsafe text.withUnsafeBytes { bytes in
            unsafe pwrite(self.descriptor, bytes.baseAddress, bytes.count, 0)
        }
        guard written == text.count else {
            // A write that ends early, though nothing failed, found no room for the rest.
            let reason = errnoText(written < 0 ? errno : ENOSPC)
            throw FileLockError(path: self.path, holder: nil, reason: reason)
        }
        guard ftruncate(self.descriptor, off_t(text.count)) == 0 else {
            throw FileLockError(path: self.path, holder: nil, reason: errnoText())
        }
    }

    /// Who holds or held the lock at `path`, without taking it.
    ///
    /// - Returns: `nil` when there is no such file, or nobody is named in it.
    package static func holder(
        ofLockAt path: String
    ) -> (holder: FileLockHolder, isAlive: Bool)? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { unlockAndClose(descriptor) }
        let isAlive = flock(descriptor, LOCK_SH | LOCK_NB) != 0
        return readHolder(from: descriptor).map { ($0, isAlive) }
    }
}

/// Gives a lock of `flock` back, and closes its file.
///
/// Closing alone keeps the lock for as long as a child process that was begun meanwhile has not
/// come to its own program, and so has the descriptor too.
func unlockAndClose(_ descriptor: CInt) {
    flock(descriptor, LOCK_UN)
    close(descriptor)
}

/// The holder that the file names, if it does.
private func readHolder(from descriptor: CInt) -> FileLockHolder? {
    var bytes = [UInt8](repeating: 0, count: 16_384)
    // Read again while its holder is writing.
    for _ in 0..<100 {
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        guard count > 0 else { return nil }
        if let holder = FileLockHolder(sealed: bytes[..<count]) { return holder }
        pause(milliseconds: 1)
    }
    return nil
}

/// What the system says of its latest failure.
private func errnoText(_ code: CInt = errno) -> String {
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
