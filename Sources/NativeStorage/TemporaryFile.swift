import Glibc

/// A file that is written from front to back, and is seen under its name only when it is whole.
///
/// Until then it has a name of its own in the same folder and is locked, so that the leftovers of
/// a process that was killed can be told from files that are being written.
package struct TemporaryFile: ~Copyable, Sendable {
    private static let prefix = ".fstore-"
    private static let suffix = ".tmp"

    /// How many bytes were written.
    package private(set) var count = 0
    private let path: String
    private let descriptor: CInt
    private var hasName = true

    deinit {
        if self.hasName { unsafe unlink(self.path) }
        close(self.descriptor)
    }

    /// Starts a file.
    ///
    /// - Parameters:
    ///   - folder: The folder, which must be there.
    ///   - isNamed: Whether it can be published; a file without a name is gone with its process.
    /// - Throws: When no file can be made there.
    package init(in folder: String, isNamed: Bool = true) throws(FileError) {
        var path = ""
        var descriptor: CInt = -1
        while true {
            let number = UInt64.random(in: .min ... .max)
            path = "\(folder)/\(Self.prefix)\(getpid())-\(number)\(Self.suffix)"
            descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                if errno == EEXIST { continue }
                throw FileError(writing: folder, errorNumber: errno)
            }
            var status = stat()
            // Who removes leftovers may have been quicker than the lock.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe fstat(descriptor, &status) == 0,
                status.st_nlink > 0
            {
                break
            }
            close(descriptor)
        }
        self.path = path
        self.descriptor = descriptor
        if !isNamed {
            unsafe unlink(path)
            self.hasName = false
        }
    }

    /// Writes bytes at the end.
    package mutating func append(_ bytes: [UInt8]) throws(FileError) {
        try self.write(bytes, at: self.count)
        self.count += bytes.count
    }

    /// Writes bytes over those at a place.
    package borrowing func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
        try writeBytes(self.descriptor, path: self.path, bytes, at: offset)
    }

    /// What was written so far, to read.
    package borrowing func reader() throws(FileError) -> StoredFile {
        try StoredFile(descriptor: dup(self.descriptor), path: self.path)
    }

    /// Gives the file its name, in place of a file that has it.
    ///
    /// Nothing waits for the disk: after a loss of power the file may be there with bytes missing.
    package mutating func publish(as path: String) throws(FileError) {
        precondition(self.hasName, "only a file with a name can get another")
        guard unsafe rename(self.path, path) == 0 else {
            throw FileError(writing: path, errorNumber: errno)
        }
        self.hasName = false
    }

    /// Removes files of a folder that were never published and that nobody writes any more.
    package static func removeLeftovers(in folder: String) {
        for name in fileNames(in: folder)
        where name.hasPrefix(Self.prefix) && name.hasSuffix(Self.suffix) {
            let path = "\(folder)/\(name)"
            let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unsafe unlink(path) }
            close(descriptor)
        }
    }
}

/// Writes bytes over those of a file at a place, without changing its size.
package func overwrite(path: String, with bytes: [UInt8], at offset: Int) throws(FileError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(writing: path, errorNumber: errno) }
    defer { close(descriptor) }
    try writeBytes(descriptor, path: path, bytes, at: offset)
}

func writeBytes(
    _ descriptor: CInt,
    path: String,
    _ bytes: [UInt8],
    at offset: Int
) throws(FileError) {
    var done = 0
    while done < bytes.count {
        let written = unsafe bytes.withUnsafeBytes { bytes in
            unsafe pwrite(
                descriptor,
                bytes.baseAddress?.advanced(by: done),
                bytes.count - done,
                off_t(offset + done)
            )
        }
        if written < 0 {
            if errno == EINTR { continue }
            throw FileError(writing: path, errorNumber: errno)
        }
        done += written
    }
}
