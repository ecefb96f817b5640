import Glibc
import NativeStorage

/// Reads a run record by record through one buffer; drawn in LoadPart.swift.
@safe
final class RunFileReader {
    /// The place of the run among its load's: later runs were added later.
    let index: Int
    private let run: Run
    private let descriptor: CInt
    /// Holds the current record whole.
    private var buffer: UnsafeMutableRawBufferPointer
    /// How much of the buffer was read.
    private var count = 0
    /// Where the current record starts in the buffer, and the one after it.
    private var current = 0
    private var next = 0
    /// The first word of the current record's key.
    private(set) var word: UInt64 = 0

    init(_ run: Run, index: Int, bufferLength: Int) throws(OnlineStoreError) {
        self.run = run
        self.index = index
        unsafe self.buffer = .allocate(
            byteCount: max(bufferLength, recordHeaderLength),
            alignment: 16
        )
        self.descriptor = unsafe open(run.path, O_RDONLY | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw runFileError(run.path) }
    }

    deinit {
        unsafe self.buffer.deallocate()
        if self.descriptor >= 0 { close(self.descriptor) }
    }

    /// The current record, until the reader moves.
    var record: RecordPointer {
        unsafe RecordPointer(start: UnsafeRawPointer(self.start + self.current))
    }

    /// Moves to the first record whose key is not less than `key`, or to the first of all; the
    /// first move.
    ///
    /// - Returns: Whether there is one.
    func start(at key: [UInt8]?) throws(OnlineStoreError) -> Bool {
        guard let key else { return try self.advance() }
        let offset = self.run.index.start(of: key)
        guard lseek(self.descriptor, off_t(offset), SEEK_SET) == off_t(offset) else {
            throw runFileError(self.run.path)
        }
        while try self.advance() {
            if unsafe compareBytes(self.record.key.span, key.span) >= 0 { return true }
        }
        return false
    }

    /// Moves to the next record.
    ///
    /// - Returns: Whether there is one.
    func advance() throws(OnlineStoreError) -> Bool {
        self.current = self.next
        guard try self.fill(recordHeaderLength) else {
            guard self.current == self.count else { throw self.truncated }
            return false
        }
        let length = unsafe self.record.length
        guard length <= self.run.byteCount, try self.fill(length) else { throw self.truncated }
        self.next = self.current + length
        self.word = unsafe keyWord(self.record.key, depth: 0)
        return true
    }

    /// Orders the current keys of two runs.
    func compareKey(with other: RunFileReader) -> Int {
        if self.word != other.word {
            return self.word < other.word ? -1 : 1
        }
        return unsafe compareBytes(self.record.key.span, other.record.key.span)
    }

    private var start: UnsafeMutableRawPointer {
        guard let start = unsafe self.buffer.baseAddress else {
            preconditionFailure("the buffer has room for a record's header")
        }
        return unsafe start
    }

    /// Reads on until the buffer holds `wanted` bytes from the current record on.
    ///
    /// - Returns: Whether it does; not at the end of the file.
    private func fill(_ wanted: Int) throws(OnlineStoreError) -> Bool {
        guard self.count - self.current < wanted else { return true }
        self.moveToFront(room: wanted)
        while self.count < wanted {
            let got = unsafe read(
                self.descriptor,
                self.start + self.count,
                self.buffer.count - self.count
            )
            if got < 0 {
                guard errno == EINTR else { throw runFileError(self.run.path) }
                continue
            }
            if got == 0 { return false }
            self.count += got
        }
        return true
    }

    /// Moves the current record to the front of the buffer, which gets room for `room` bytes.
    private func moveToFront(room: Int) {
        let rest = unsafe UnsafeRawBufferPointer(
            start: self.start + self.current,
            count: self.count - self.current
        )
        if unsafe room > self.buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 16)
            unsafe larger.copyMemory(from: rest)
            unsafe self.buffer.deallocate()
            unsafe self.buffer = larger
        } else {
            unsafe self.buffer.copyMemory(from: rest)
        }
        self.count -= self.current
        self.current = 0
    }

    private var truncated: OnlineStoreError {
        OnlineStoreError(.unavailable, "\(self.run.path), a file of a load, was cut short")
    }
}
