/// The parts of the protobuf encoding that an answer is made of.
extension [UInt8] {
    /// Appends a number in groups of seven bits, the lowest first.
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends a signed number as protobuf's int32 and int64 are written: a negative one takes ten
    /// bytes.
    mutating func append(varint value: Int64) {
        self.append(varint: UInt64(bitPattern: value))
    }

    /// Appends the tag of a field whose value has a length.
    mutating func append(lengthDelimitedTag field: Int) {
        self.append(varint: UInt64(field) << 3 | 2)
    }

    /// Appends a field that holds bytes, a text or a message.
    mutating func append(field: Int, bytes: [UInt8]) {
        self.append(lengthDelimitedTag: field)
        self.append(varint: UInt64(bytes.count))
        self.append(contentsOf: bytes)
    }

    /// Appends a number of fixed width, its lowest byte first.
    mutating func append(fixed value: some FixedWidthInteger & UnsignedInteger) {
        var rest = value
        for _ in 0..<(value.bitWidth / 8) {
            self.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}

/// How many bytes a number takes in groups of seven bits.
func varintSize(_ value: UInt64) -> Int {
    (70 - (value | 1).leadingZeroBitCount) / 7
}
