import Glibc

/// A file that is read at any place, with `pread`.
///
/// It is not mapped into memory: someone who cuts a mapped file short kills every process that then
/// reads the missing pages, and someone who writes to it changes bytes that were checked already.
/// What was read is a copy of its own.
package struct StoredFile: ~Copyable, Sendable {
    /// The path, for messages.
    package let path: String
    /// How many bytes there were when it was opened.
    package let size: Int
    private let descriptor: CInt

    deinit { close(self.descriptor) }

    /// Opens a file.
    package init(path: String) throws(FileError) {
        try self.init(descriptor: unsafe open(path, O_RDONLY | O_CLOEXEC), path: path)
    }

    /// Takes over what opening a file gave.
    init(descriptor: CInt, path: String) throws(FileError) {
        guard descriptor >= 0 else { throw FileError(path: path, errorNumber: errno) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let number = errno
            close(descriptor)
            throw FileError(path: path, errorNumber: number)
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    /// Reads some bytes to the front of a buffer, which grows when it must.
    ///
    /// - Throws: Also when the file ends before them.
    package borrowing func read(
        at offset: Int,
        count: Int,
        into buffer: inout [UInt8]
    ) throws(FileError) {
        try readBytes(self.descriptor, path: self.path, at: offset, count: count, into: &buffer)
    }
}

/// Reads some bytes of a descriptor to the front of a buffer, which grows when it must.
func readBytes(
    _ descriptor: CInt,
    path: String,
    at offset: Int,
    count: Int,
    into buffer: inout [UInt8]
) throws(FileError) {
    if buffer.count < count {
        buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
    var done = 0
    while done < count {
        let read = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe pread(
                descriptor,
                bytes.baseAddress?.advanced(by: done),
                count - done,
                off_t(offset + done)
            )
        }
        if read < 0 {
            if errno == EINTR { continue }
            throw FileError(path: path, errorNumber: errno)
        }
        guard read > 0 else {
            throw FileError(code: .corrupt, message: "\(path) is shorter than it was")
        }
        done += read
    }
}
