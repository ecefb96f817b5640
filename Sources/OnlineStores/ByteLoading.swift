extension Span<UInt8> {
    /// The little-endian integer at `offset`.
    ///
    /// - Precondition: It lies in the span.
    func littleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int,
        as type: Integer.Type
    ) -> Integer {
        Integer(
            littleEndian: unsafe self.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type)
        )
    }

    /// The big-endian integer at `offset`.
    ///
    /// - Precondition: It lies in the span.
    func bigEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int,
        as type: Integer.Type
    ) -> Integer {
        Integer(bigEndian: unsafe self.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }
}

extension [UInt8] {
    /// Appends an integer, its least significant byte first.
    mutating func append(littleEndian value: some FixedWidthInteger) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            self.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends an integer, its most significant byte first.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            self.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Overwrites the bytes from `offset` with an integer, its least significant byte first.
    mutating func store(littleEndian value: some FixedWidthInteger, at offset: Int) {
        for index in 0..<(value.bitWidth / 8) {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }
}
