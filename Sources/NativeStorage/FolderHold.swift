import Glibc

/// A folder that a process works in, or waits for: others see that it is held.
///
/// The kernel ends the hold with the process, so that what a killed process left can be told from
/// what somebody needs. Nothing is written for it.
package final class FolderHold: Sendable {
    private let descriptor: CInt

    deinit { unlockAndClose(self.descriptor) }

    /// Holds a folder, after waiting for whoever holds it.
    ///
    /// - Throws: When there is no such folder.
    package init(waitingFor path: String) throws(FileError) {
        let descriptor = try Self.open(path)
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let number = errno
                close(descriptor)
                throw FileError(writing: path, errorNumber: number)
            }
        }
        self.descriptor = descriptor
    }

    /// Holds a folder, unless somebody else does.
    ///
    /// - Returns: `nil` when it is held, or there is none.
    package init?(free path: String) {
        guard let descriptor = try? Self.open(path) else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    private static func open(_ path: String) throws(FileError) -> CInt {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, errorNumber: errno) }
        return descriptor
    }

    /// Makes a folder of this process's own, which nobody else may read, and holds it.
    ///
    /// - Throws: When it is there already, or cannot be made.
    package static func make(_ path: String) throws(FileError) -> FolderHold {
        guard unsafe mkdir(path, 0o700) == 0 else {
            throw FileError(writing: path, errorNumber: errno)
        }
        return try FolderHold(waitingFor: path)
    }

    /// Removes the folders of a folder that nobody holds.
    ///
    /// - Parameters:
    ///   - parent: Where they lie.
    ///   - prefix: How their names begin.
    ///   - seconds: Those that changed in so many seconds stay.
    package static func removeLeftovers(
        in parent: String,
        prefix: String = "",
        olderThan seconds: Int = 0
    ) {
        self.visitLeftovers(in: parent, prefix: prefix, olderThan: seconds) { path in
            FileTree.remove(path)
        }
    }

    /// The paths of the folders that ``removeLeftovers(in:prefix:olderThan:)`` would remove.
    package static func leftovers(in parent: String, olderThan seconds: Int) -> [String] {
        var paths: [String] = []
        self.visitLeftovers(in: parent, prefix: "", olderThan: seconds) { paths.append($0) }
        return paths.sorted()
    }

    private static func visitLeftovers(
        in parent: String,
        prefix: String,
        olderThan seconds: Int,
        _ visit: (String) -> Void
    ) {
        for name in fileNames(in: parent) where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            var status = stat()
            guard FileTree.isFolder(path), unsafe stat(path, &status) == 0,
                time(nil) - status.st_mtim.tv_sec >= seconds, let hold = FolderHold(free: path)
            else { continue }
            visit(path)
            _ = hold
        }
    }
}
