import Glibc

/// A file of lines that several processes append to, each line whole.
///
/// A file that has grown past its size is put aside as `path.1`, `path.2` and so on, and a new one
/// begins; what was put aside is never removed.
package struct AppendedFile: Sendable {
    /// Where the newest lines are.
    package let path: String
    /// The bytes after which a new file begins.
    private let maximumBytes: Int

    package init(path: String, maximumBytes: Int) {
        self.path = path
        self.maximumBytes = maximumBytes
    }

    /// Makes sure that lines can be appended; makes the file, readable by its owner alone, when it
    /// is not there.
    package func check() throws(FileError) {
        close(try self.open())
    }

    /// Appends a line, which must end with a newline.
    ///
    /// - Throws: When it is not in the file as a whole; then nothing of it is.
    package func append(_ line: [UInt8]) throws(FileError) {
        var descriptor = try self.openLocked()
        defer { close(descriptor) }
        var size = try self.size(of: descriptor)
        if size > 0, size + line.count > self.maximumBytes {
            try self.putAside()
            close(descriptor)
            descriptor = try self.openLocked()
            size = try self.size(of: descriptor)
        }
        let written = unsafe line.withUnsafeBytes { bytes in
            unsafe write(descriptor, bytes.baseAddress, bytes.count)
        }
        guard written != line.count else { return }
        let number = written < 0 ? errno : ENOSPC
        // Half a line would spoil the next one; nobody else appends while this holds the lock.
        ftruncate(descriptor, off_t(size))
        throw FileError(writing: self.path, errorNumber: number)
    }

    private func open() throws(FileError) -> CInt {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC
        var descriptor = unsafe Glibc.open(self.path, flags, 0o600)
        if descriptor < 0, errno == ENOENT, let slash = self.path.lastIndex(of: "/") {
            try makeFolder(String(self.path[..<slash]))
            descriptor = unsafe Glibc.open(self.path, flags, 0o600)
        }
        guard descriptor >= 0 else { throw FileError(writing: self.path, errorNumber: errno) }
        return descriptor
    }

    /// The file under its name, which nobody puts aside while this holds the lock.
    private func openLocked() throws(FileError) -> CInt {
        while true {
            let descriptor = try self.open()
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    let number = errno
                    close(descriptor)
                    throw FileError(writing: self.path, errorNumber: number)
                }
            }
            var opened = stat()
            var named = stat()
            if unsafe fstat(descriptor, &opened) == 0, unsafe stat(self.path, &named) == 0,
                opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
            {
                return descriptor
            }
            close(descriptor)
        }
    }

    private func size(of descriptor: CInt) throws(FileError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw FileError(writing: self.path, errorNumber: errno)
        }
        return Int(status.st_size)
    }

    /// Renames the file to `path.NUMBER`, the next number that is free.
    private func putAside() throws(FileError) {
        var number = 1
        while unsafe access("\(self.path).\(number)", F_OK) == 0 { number += 1 }
        guard unsafe rename(self.path, "\(self.path).\(number)") == 0 else {
            throw FileError(writing: self.path, errorNumber: errno)
        }
    }
}
