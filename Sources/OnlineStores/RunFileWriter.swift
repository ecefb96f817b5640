import Glibc
import NativeStorage

// A run: the rows of a load that did not fit into memory, sorted by key, each key once. It lives as
// long as its load. Records, end to end, least significant bytes first:
//
//   +-----------+-----------+------------+------------+-----+-----+
//   | key count | row count | event time | write time | key | row |
//   | u32       | u32       | i64        | i64        |     |     |
//   +-----------+-----------+------------+------------+-----+-----+

/// The length of a record before its key.
let runRecordHeaderLength = 24

/// Writes a run through one buffer.
struct RunFileWriter: ~Copyable {
    private static let bufferLength = 256 << 10

    let path: String
    private let descriptor: CInt
    private var buffer: [UInt8] = []
    /// The bytes that went to the system.
    private var flushed = 0
    /// Where to start looking for a key.
    private(set) var index = RunIndex()

    /// Creates the file.
    init(path: String) throws(OnlineStoreError) {
        self.path = path
        self.descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw runFileError(path) }
        self.buffer.reserveCapacity(Self.bufferLength)
    }

    deinit {
        close(self.descriptor)
    }

    mutating func append(
        key: Span<UInt8>,
        eventTime: Int64,
        writeTime: Int64,
        row: Span<UInt8>
    ) throws(OnlineStoreError) {
        self.index.note(key, offset: self.flushed + self.buffer.count)
        self.buffer.append(littleEndian: UInt32(truncatingIfNeeded: key.count))
        self.buffer.append(littleEndian: UInt32(truncatingIfNeeded: row.count))
        self.buffer.append(littleEndian: eventTime)
        self.buffer.append(littleEndian: writeTime)
        NativeStorage.append(key, to: &self.buffer)
        NativeStorage.append(row, to: &self.buffer)
        if self.buffer.count >= Self.bufferLength {
            try self.flush()
        }
    }

    /// Hands what is buffered to the system; the run is complete then.
    mutating func flush() throws(OnlineStoreError) {
        var written = 0
        while written < self.buffer.count {
            let count = unsafe self.buffer.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
                return unsafe write(self.descriptor, rest.baseAddress, rest.count)
            }
            if count < 0 {
                guard errno == EINTR else { throw runFileError(self.path) }
                continue
            }
            written += count
        }
        self.flushed += self.buffer.count
        self.buffer.removeAll(keepingCapacity: true)
    }
}

/// The error for what the system said last of that file.
func runFileError(_ path: String) -> OnlineStoreError {
    let code = errno
    let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return OnlineStoreError(.unavailable, "\(path), a file of a load, failed: \(reason)")
}
