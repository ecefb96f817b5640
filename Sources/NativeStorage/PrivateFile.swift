import Glibc

/// A small file that only its owner may read, and that is replaced as a whole.
package enum PrivateFile {
    /// The most bytes that are read.
    package static let maximumBytes = 4 << 20

    /// All bytes of a file.
    ///
    /// - Throws: Also when others than its owner may write to it, or when it is too large.
    package static func read(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw FileError(path: path, errorNumber: errno)
        }
        func refuse(_ reason: String) throws(FileError) -> Never {
            throw FileError(code: .inputOutput, message: "cannot use \(path): \(reason)")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { try refuse("it is no file") }
        guard status.st_mode & 0o022 == 0 else {
            try refuse("others may write to it; run: chmod 600 \(path)")
        }
        guard status.st_size <= self.maximumBytes else {
            try refuse("it has \(status.st_size) bytes, more than \(self.maximumBytes)")
        }
        var bytes: [UInt8] = []
        try readBytes(descriptor, path: path, at: 0, count: Int(status.st_size), into: &bytes)
        return bytes
    }

    /// Puts a file with those bytes in the place of the one that is there, if there is one.
    ///
    /// After a loss of power there is one or the other.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        if !folder.isEmpty { try makeFolder(folder) }
        let temporary = "\(path).\(getpid())-\(UInt64.random(in: .min ... .max)).new"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe open(temporary, flags, 0o600)
        guard descriptor >= 0 else { throw FileError(writing: path, errorNumber: errno) }
        defer { close(descriptor) }
        do throws(FileError) {
            try writeBytes(descriptor, path: path, bytes, at: 0)
            guard fsync(descriptor) == 0, unsafe rename(temporary, path) == 0 else {
                throw FileError(writing: path, errorNumber: errno)
            }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        let parent = unsafe open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return }
        fsync(parent)
        close(parent)
    }
}
