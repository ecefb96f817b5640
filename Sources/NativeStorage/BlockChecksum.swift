/// A checksum of bytes for files of our own, as fast as memory.
///
/// Four lanes take a word of eight bytes each in turn, by exclusive or, a multiplication and a
/// rotation, as in xxHash; the number of bytes and a final mix end it. Every step can be undone, so
/// a change within one word always changes the sum.
package func blockChecksum(_ bytes: Span<UInt8>) -> UInt64 {
    unsafe bytes.withUnsafeBytes { bytes in
        var first: UInt64 = 0x9E37_79B9_7F4A_7C15
        var second: UInt64 = 0xBF58_476D_1CE4_E5B9
        var third: UInt64 = 0x94D0_49BB_1331_11EB
        var fourth: UInt64 = 0xD6E8_FEB8_6659_FD93
        var position = 0
        let whole = bytes.count & ~31
        while position < whole {
            first = unsafe mixed(first, bytes, position)
            second = unsafe mixed(second, bytes, position + 8)
            third = unsafe mixed(third, bytes, position + 16)
            fourth = unsafe mixed(fourth, bytes, position + 24)
            position += 32
        }
        while position + 8 <= bytes.count {
            first = unsafe mixed(first, bytes, position)
            position += 8
        }
        while position < bytes.count {
            second = mixed(second, UInt64(unsafe bytes[position]))
            position += 1
        }
        var sum = mixed(first, UInt64(bytes.count))
        sum = mixed(mixed(mixed(sum, second), third), fourth)
        sum = (sum ^ (sum >> 30)) &* 0xBF58_476D_1CE4_E5B9
        sum = (sum ^ (sum >> 27)) &* 0x94D0_49BB_1331_11EB
        return sum ^ (sum >> 31)
    }
}

@inline(__always)
private func mixed(_ lane: UInt64, _ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt64 {
    mixed(lane, unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
}

@inline(__always)
private func mixed(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    let product = (lane ^ word) &* 0x9FB2_1C65_1E98_DF25
    return product << 29 | product >> 35
}
