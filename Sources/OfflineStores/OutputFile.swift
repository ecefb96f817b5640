import FeatureCompute
import Glibc

/// Bytes on their way into a file: buffered, and seen under the file's name only when all are
/// there.
struct OutputFile {
    private static let bufferSize = 1 << 20

    private let path: String
    /// Where the bytes go until the file is whole; `nil` for an open descriptor.
    private let temporaryPath: String?
    private let descriptor: CInt
    /// Whether the descriptor is to be closed.
    private var isOwned = true
    /// What was not yet written.
    ///
    /// Callers append to it and call ``flushIfFull()`` now and then.
    var buffer: [UInt8] = []

    /// Starts a file that replaces the one at `path` when it is finished.
    ///
    /// What is there and is no regular file, such as a pipe, is written to at once.
    init(path: String) throws(OfflineStoreError) {
        self.path = path
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            // A device or a pipe takes the bytes as they come.
            self.temporaryPath = nil
            self.descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
            guard self.descriptor >= 0 else { throw Self.error(path) }
            return
        }
        let temporary = "\(path).tmp-\(getpid())"
        self.temporaryPath = temporary
        self.descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard self.descriptor >= 0 else { throw Self.error(path) }
        self.buffer.reserveCapacity(Self.bufferSize + Self.bufferSize / 4)
    }

    /// Writes to a descriptor that is open already, and stays open.
    init(descriptor: CInt) {
        self.path = descriptor == 1 ? "standard output" : "descriptor \(descriptor)"
        self.temporaryPath = nil
        self.descriptor = descriptor
        self.isOwned = false
        self.buffer.reserveCapacity(Self.bufferSize + Self.bufferSize / 4)
    }

    /// Writes the buffer out when it holds a megabyte.
    mutating func flushIfFull() throws(OfflineStoreError) {
        if self.buffer.count >= Self.bufferSize { try self.flush() }
    }

    /// Writes the rest and gives the file its name.
    mutating func finish() throws(OfflineStoreError) {
        try self.flush()
        guard self.isOwned else { return }
        self.isOwned = false
        guard close(self.descriptor) == 0 else { throw Self.error(self.path) }
        if let temporary = self.temporaryPath {
            guard unsafe rename(temporary, self.path) == 0 else { throw Self.error(self.path) }
        }
    }

    /// Removes what was written, after an error.
    mutating func discard() {
        if self.isOwned { close(self.descriptor) }
        self.isOwned = false
        if let temporary = self.temporaryPath { unsafe unlink(temporary) }
    }

    private mutating func flush() throws(OfflineStoreError) {
        var start = 0
        while start < self.buffer.count {
            let written = unsafe self.buffer.withUnsafeBytes { bytes in
                unsafe write(
                    self.descriptor,
                    bytes.baseAddress?.advanced(by: start),
                    bytes.count - start
                )
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.error(self.path)
            }
            start += written
        }
        self.buffer.removeAll(keepingCapacity: true)
    }

    private static func error(_ path: String) -> OfflineStoreError {
        let reason = unsafe String(cString: strerror(errno))
        return OfflineStoreError(code: .inputOutput, message: "cannot write \(path): \(reason)")
    }
}
