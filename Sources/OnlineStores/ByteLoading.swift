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
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe self.append(contentsOf: $0) }
    }

    /// Appends an integer, its most significant byte first.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe self.append(contentsOf: $0) }
    }

    /// Overwrites the bytes from `offset` with an integer, its least significant byte first.
    ///
    /// - Precondition: It lies in the array.
    mutating func store<Integer: FixedWidthInteger & BitwiseCopyable>(
        littleEndian value: Integer,
        at offset: Int
    ) {
        unsafe self.withUnsafeMutableBytes { bytes in
            unsafe bytes.storeBytes(
                of: value.littleEndian,
                toByteOffset: offset,
                as: Integer.self
            )
        }
    }
}
