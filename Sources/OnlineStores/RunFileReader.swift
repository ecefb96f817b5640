import Glibc
import NativeStorage

/// Reads a run record by record through one buffer; drawn in RunFileWriter.swift.
final class RunFileReader {
    /// The place of the run among its load's: later runs were added later.
    let index: Int
    private let path: String
    private let descriptor: CInt
    private let bufferLength: Int
    /// Holds the current record whole.
    private(set) var buffer: [UInt8] = []
    /// Where the record after the current one starts in the buffer.
    private var next = 0

    private(set) var prefix: UInt64 = 0
    private(set) var key = 0..<0
    private(set) var row = 0..<0
    private(set) var eventTime: Int64 = 0
    private(set) var writeTime: Int64 = 0

    init(path: String, index: Int, bufferLength: Int) throws(OnlineStoreError) {
        self.path = path
        self.index = index
        self.bufferLength = bufferLength
        self.descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw runFileError(path) }
    }

    deinit {
        close(self.descriptor)
    }

    /// Starts over at the record that stands at `offset`.
    func seek(to offset: Int) throws(OnlineStoreError) {
        guard lseek(self.descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
            throw runFileError(self.path)
        }
        self.buffer.removeAll(keepingCapacity: true)
        self.next = 0
    }

    /// Moves to the next record.
    ///
    /// - Returns: Whether there is one.
    func advance() throws(OnlineStoreError) -> Bool {
        guard try self.fill(runRecordHeaderLength) else {
            guard self.next == self.buffer.count else { throw self.truncated }
            return false
        }
        let (keyCount, rowCount) = self.counts()
        guard try self.fill(runRecordHeaderLength + keyCount + rowCount) else {
            throw self.truncated
        }
        let buffer = self.buffer
        let span = buffer.span
        self.eventTime = span.littleEndian(at: self.next + 8, as: Int64.self)
        self.writeTime = span.littleEndian(at: self.next + 16, as: Int64.self)
        let keyStart = self.next + runRecordHeaderLength
        self.key = keyStart..<(keyStart + keyCount)
        self.row = self.key.upperBound..<(self.key.upperBound + rowCount)
        self.prefix = keyPrefix(span.extracting(self.key))
        self.next = self.row.upperBound
        return true
    }

    /// Orders the current keys of two runs.
    func compareKey(with other: RunFileReader) -> Int {
        if self.prefix != other.prefix {
            return self.prefix < other.prefix ? -1 : 1
        }
        let left = self.buffer
        let right = other.buffer
        return compareBytes(left.span.extracting(self.key), right.span.extracting(other.key))
    }

    private func counts() -> (key: Int, row: Int) {
        let buffer = self.buffer
        let span = buffer.span
        return (
            Int(span.littleEndian(at: self.next, as: UInt32.self)),
            Int(span.littleEndian(at: self.next + 4, as: UInt32.self))
        )
    }

    /// Reads on until the buffer holds `count` bytes after the current record.
    ///
    /// - Returns: Whether it does; not at the end of the file.
    private func fill(_ count: Int) throws(OnlineStoreError) -> Bool {
        guard self.buffer.count - self.next < count else { return true }
        self.buffer.removeSubrange(..<self.next)
        self.next = 0
        while self.buffer.count < count {
            let wanted = max(self.bufferLength, count) - self.buffer.count
            let old = self.buffer.count
            self.buffer.append(contentsOf: repeatElement(0, count: wanted))
            let got = unsafe self.buffer.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[old...])
                return unsafe read(self.descriptor, rest.baseAddress, rest.count)
            }
            self.buffer.removeSubrange((old + max(got, 0))...)
            if got < 0 {
                guard errno == EINTR else { throw runFileError(self.path) }
                continue
            }
            if got == 0 {
                return false
            }
        }
        return true
    }

    private var truncated: OnlineStoreError {
        OnlineStoreError(.unavailable, "\(self.path), a file of a load, was cut short")
    }
}
