import Glibc

/// Writes bytes into memory that is known to be large enough, which every call checks.
@safe
struct ByteWriter: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count: Int

    /// - Parameters:
    ///   - memory: Where to write; it must live as long as the writer.
    ///   - start: Where the first byte goes.
    init(_ memory: UnsafeMutableRawBufferPointer, from start: Int) {
        unsafe self.memory = unsafe memory
        self.count = start
    }

    mutating func append(_ byte: UInt8) {
        unsafe precondition(self.count < self.memory.count)
        unsafe self.memory[self.count] = byte
        self.count += 1
    }

    mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        unsafe self.copy(UnsafeRawPointer(text.utf8Start), length)
    }

    mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { unsafe self.copy(base, bytes.count) }
        }
    }

    /// Appends a part of some bytes.
    mutating func append(_ bytes: Span<UInt8>, from start: Int, to end: Int) {
        precondition(start >= 0 && start <= end && end <= bytes.count)
        unsafe bytes.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { unsafe self.copy(base + start, end - start) }
        }
    }

    /// Appends once more what was written from `start` to `end`.
    mutating func repeatBytes(from start: Int, to end: Int) {
        precondition(start >= 0 && start <= end && end <= self.count)
        if let base = unsafe self.memory.baseAddress {
            unsafe self.copy(UnsafeRawPointer(base + start), end - start)
        }
    }

    /// Writes a text that ends at `end`, over what is there.
    func write(_ text: String, endingAt end: Int) -> Int {
        let start = end - text.utf8.count
        unsafe precondition(start >= 0 && end <= self.memory.count)
        var offset = start
        for byte in text.utf8 {
            unsafe self.memory[offset] = byte
            offset += 1
        }
        return start
    }

    private mutating func copy(_ source: UnsafeRawPointer, _ length: Int) {
        unsafe precondition(length <= self.memory.count - self.count)
        if let base = unsafe self.memory.baseAddress {
            unsafe memcpy(base + self.count, source, length)
        }
        self.count += length
    }
}
