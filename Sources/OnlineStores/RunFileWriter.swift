import Glibc
import NativeStorage

// A run: the records of a load that did not fit into memory, end to end as they are in memory
// (drawn in LoadPart.swift), keys ascending, each once. It lives as long as its load.

/// Writes a run through one buffer.
struct RunFileWriter: ~Copyable {
    private static let bufferLength = 256 << 10

    private let path: String
    /// Negative until there is a file.
    private var descriptor: CInt = -1
    private var buffer: [UInt8] = []
    /// How large the buffer may become before there is a file.
    private let waitingLength: Int
    /// Where the records are, as long as there is no file.
    private var references: [RecordReference] = []
    /// The bytes that went to the system.
    private var flushed = 0
    /// Where to start looking for a key.
    private var index = RunIndex()

    /// - Parameters:
    ///   - path: Where the file will be.
    ///   - waitingLength: What fits into so many bytes is no file.
    init(path: String, waitingLength: Int) {
        self.path = path
        self.waitingLength = waitingLength
    }

    deinit {
        if self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Appends a record; keys come in ascending order, each once.
    mutating func append(_ record: RecordPointer, word: UInt64) throws(OnlineStoreError) {
        let isFile = self.descriptor >= 0
        let limit = isFile ? Self.bufferLength : self.waitingLength
        let bytes = unsafe record.record
        if self.buffer.count + bytes.count > limit, !isFile || !self.buffer.isEmpty {
            try self.flush()
        }
        if self.descriptor < 0 {
            let location = UInt64(self.buffer.count)
            self.references.append(RecordReference(word: word, location: location))
        }
        unsafe self.index.note(record.key.span, offset: self.flushed + self.buffer.count)
        unsafe self.buffer.append(contentsOf: bytes)
    }

    /// Ends the run.
    ///
    /// - Returns: The run, or the part of that generation and schema that its records are when
    ///   they need no file.
    mutating func finish(
        viewID: UInt32,
        schemaID: UInt16
    ) throws(OnlineStoreError) -> SpilledRecords {
        if self.descriptor < 0 {
            let buffer = self.buffer
            return .part(
                unsafe LoadPart(
                    viewID: viewID,
                    schemaID: schemaID,
                    byteCount: buffer.count,
                    references: self.references
                ) { memory in
                    unsafe UnsafeMutableRawBufferPointer(start: memory, count: buffer.count)
                        .copyBytes(from: buffer)
                }
            )
        }
        try self.flush()
        return .run(Run(path: self.path, index: self.index, byteCount: self.flushed))
    }

    /// Hands what is buffered to the system, in a file.
    private mutating func flush() throws(OnlineStoreError) {
        if self.descriptor < 0 {
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
            self.descriptor = unsafe open(self.path, flags, 0o600)
            guard self.descriptor >= 0 else { throw runFileError(self.path) }
            self.references = []
        }
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
        self.buffer.removeAll(keepingCapacity: self.buffer.count <= 2 * Self.bufferLength)
    }
}

/// What became of records that memory had no room for.
enum SpilledRecords: Sendable {
    case run(Run)
    /// So many were older rows of keys that the rest is small.
    case part(LoadPart)
}

/// The error for what the system said last of that file.
func runFileError(_ path: String) -> OnlineStoreError {
    let code = errno
    let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return OnlineStoreError(.unavailable, "\(path), a file of a load, failed: \(reason)")
}
