import Glibc

/// Orders two runs of bytes as unsigned numbers, byte by byte; a prefix comes first.
///
/// - Returns: Less than, equal to or greater than zero, as `left` is to `right`.
package func compareBytes(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    let common = min(left.count, right.count)
    let order = unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right -> Int32 in
            guard common > 0, let left = left.baseAddress, let right = right.baseAddress else {
                return 0
            }
            return unsafe memcmp(left, right, common)
        }
    }
    return order != 0 ? Int(order) : left.count - right.count
}

/// Appends bytes to an array: one copy, no allocation while the capacity suffices.
package func append(_ bytes: Span<UInt8>, to array: inout [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe array.append(contentsOf: bytes)
    }
}

extension Span<UInt8> {
    /// Whether a byte occurs.
    package func contains(byte: UInt8) -> Bool {
        unsafe self.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return false }
            return unsafe memchr(base, CInt(byte), buffer.count) != nil
        }
    }

    /// Where a byte occurs last.
    package func lastIndex(ofByte byte: UInt8) -> Int? {
        self.indices.reversed().first { self[$0] == byte }
    }

    /// How often a byte occurs.
    package func count(ofByte byte: UInt8) -> Int {
        let raw = unsafe self.bytes
        let wanted = SIMD16<UInt8>(repeating: byte)
        var count = 0
        var position = 0
        while position + 16 <= self.count {
            // Each of the sixteen counters holds up to 255.
            let end = min(self.count, position + 255 * 16)
            var counters = SIMD16<UInt8>(repeating: 0)
            while position &+ 16 <= end {
                let block = unsafe raw.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: position,
                    as: SIMD16<UInt8>.self
                )
                // All ones, which is one less than zero, where they are the same.
                let matches = unsafe unsafeBitCast(block .== wanted, to: SIMD16<UInt8>.self)
                counters = counters &- matches
                position &+= 16
            }
            for index in 0..<16 {
                count += Int(counters[index])
            }
        }
        while position < self.count {
            if self[position] == byte { count += 1 }
            position += 1
        }
        return count
    }
}
