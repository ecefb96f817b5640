import Glibc

/// A file that is read once, from front to back, with `read`.
///
/// It is not mapped into memory: someone who cuts a mapped file short kills every process that then
/// reads the missing pages. Of a regular file, what it held when it was opened is read, and nothing
/// that is appended later; of anything else, such as a pipe, everything up to its end.
struct InputFile: ~Copyable {
    /// The path, for messages.
    let path: String
    private let descriptor: CInt
    private let isOwned: Bool
    /// How many bytes there are; `nil` when only the end will tell.
    let size: Int?
    /// How many bytes were read.
    private var position = 0

    deinit {
        if self.isOwned { close(self.descriptor) }
    }

    /// Opens a file.
    init(path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, errorNumber: errno) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let number = errno
            close(descriptor)
            throw FileError(path: path, errorNumber: number)
        }
        self.path = path
        self.descriptor = descriptor
        self.isOwned = true
        self.size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    /// Reads what an open descriptor still holds, and leaves it open.
    init(descriptor: CInt, name: String) {
        self.path = name
        self.descriptor = descriptor
        self.isOwned = false
        self.size = nil
    }

    /// Which part was read, from 0 to 1; `nil` when the size is not known.
    var fraction: Double? {
        guard let size = self.size else { return nil }
        return size == 0 ? 1 : Double(self.position) / Double(size)
    }

    /// Fills the buffer from `start` on.
    ///
    /// - Returns: How many bytes there were; fewer than fit only when these were the last.
    /// - Throws: Also when the file lost bytes since it was opened.
    mutating func read(into buffer: inout [UInt8], from start: Int) throws(FileError) -> Int {
        var end = start
        while end < buffer.count {
            let wanted = min(buffer.count - end, (self.size ?? .max) - self.position)
            if wanted == 0 { break }
            let descriptor = self.descriptor
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress?.advanced(by: end), wanted)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(path: self.path, errorNumber: errno)
            }
            if count == 0 {
                guard self.size == nil else { throw self.becameShorter }
                break
            }
            end += count
            self.position += count
        }
        return end - start
    }

    /// Goes on reading at another place of a regular file.
    ///
    /// - Throws: Also when the file had fewer bytes when it was opened.
    mutating func skip(to offset: Int) throws(FileError) {
        guard let size = self.size, offset <= size else { throw self.becameShorter }
        guard lseek(self.descriptor, off_t(offset), SEEK_SET) == offset else {
            throw FileError(path: self.path, errorNumber: errno)
        }
        self.position = offset
    }

    private var becameShorter: FileError {
        FileError(
            code: .inputOutput,
            message: """
                \(self.path): the file became shorter while it was read; read it again when \
                nobody writes it
                """
        )
    }
}
