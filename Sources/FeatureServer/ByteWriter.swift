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

    /// Writes texts and the digits of a number between them, over what is there, so that they end
    /// at `end`.
    ///
    /// - Returns: Where they start.
    func writeBefore(
        _ end: Int,
        _ first: StaticString,
        number: Int,
        _ last: StaticString
    ) -> Int {
        // A number has 19 digits at most.
        let length = first.utf8CodeUnitCount + 19 + last.utf8CodeUnitCount
        unsafe precondition(number >= 0 && length <= end && end <= self.memory.count)
        guard let base = unsafe self.memory.baseAddress else { return end }
        var start = end - last.utf8CodeUnitCount
        unsafe memcpy(base + start, last.utf8Start, last.utf8CodeUnitCount)
        var rest = number
        repeat {
            start -= 1
            unsafe self.memory[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        start -= first.utf8CodeUnitCount
        unsafe memcpy(base + start, first.utf8Start, first.utf8CodeUnitCount)
        return start
    }

    /// Writes a text over what is there, so that it ends at `end`.
    ///
    /// - Returns: Where it starts.
    func writeBefore(_ end: Int, _ text: StaticString) -> Int {
        let start = end - text.utf8CodeUnitCount
        unsafe precondition(start >= 0 && end <= self.memory.count)
        if let base = unsafe self.memory.baseAddress {
            unsafe memcpy(base + start, text.utf8Start, text.utf8CodeUnitCount)
        }
        return start
    }

    /// Writes bytes over what is there, so that they end at `end`.
    ///
    /// - Returns: Where they start.
    func writeBefore(_ end: Int, _ bytes: Span<UInt8>) -> Int {
        let start = end - bytes.count
        unsafe precondition(start >= 0 && end <= self.memory.count)
        unsafe bytes.withUnsafeBytes { bytes in
            if let base = unsafe self.memory.baseAddress, let source = bytes.baseAddress {
                unsafe memcpy(base + start, source, bytes.count)
            }
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
