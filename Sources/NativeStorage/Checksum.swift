import CZlib

/// The CRC-32 of zlib, gzip and PNG over `bytes`; 0 for none.
///
/// Rows are short, and zlib is made for long runs: it takes three times as long for 100 bytes.
package func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    if bytes.count <= longestShortChecksum {
        return unsafe shortChecksum(bytes.bytes)
    }
    return unsafe bytes.withUnsafeBufferPointer { bytes in
        UInt32(truncatingIfNeeded: unsafe crc32_z(0, bytes.baseAddress, bytes.count))
    }
}

/// From here on zlib is quicker.
private let longestShortChecksum = 400

/// Sixteen bytes at a time through sixteen tables.
///
/// Kounavis and Berry, "A Systematic Approach to Building High Performance, Software-based, CRC
/// Generators", 2005 ("slicing-by-8"), with twice as many tables.
private func shortChecksum(_ bytes: RawSpan) -> UInt32 {
    let tables = unsafe checksumTables
    @inline(__always)
    func entry(_ table: Int, _ word: UInt64, _ shift: UInt64) -> UInt32 {
        unsafe tables[table << 8 | Int(word >> shift & 0xFF)]
    }
    @inline(__always)
    func eightBytes(_ table: Int, _ word: UInt64) -> UInt32 {
        let low =
            entry(table + 7, word, 0) ^ entry(table + 6, word, 8)
            ^ entry(table + 5, word, 16) ^ entry(table + 4, word, 24)
        let high =
            entry(table + 3, word, 32) ^ entry(table + 2, word, 40)
            ^ entry(table + 1, word, 48) ^ entry(table, word, 56)
        return low ^ high
    }
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        )
    }
    var state = UInt32.max
    var position = 0
    while bytes.byteCount - position >= 16 {
        state =
            eightBytes(8, word(at: position) ^ UInt64(state))
            ^ eightBytes(0, word(at: position + 8))
        position += 16
    }
    if bytes.byteCount - position >= 8 {
        state = eightBytes(0, word(at: position) ^ UInt64(state))
        position += 8
    }
    while position < bytes.byteCount {
        let byte = unsafe bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
        state = entry(0, UInt64(state ^ UInt32(byte)), 0) ^ state >> 8
        position += 1
    }
    return ~state
}

/// `[16 × 256]`: what a byte does to the checksum when as many bytes follow it as the table says.
nonisolated(unsafe) private let checksumTables: UnsafePointer<UInt32> = {
    let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 << 8)
    for byte in 0..<256 {
        var value = UInt32(byte)
        for _ in 0..<8 {
            value = value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
        }
        unsafe (tables + byte).initialize(to: value)
    }
    for index in 256..<(16 << 8) {
        let before = unsafe tables[index - 256]
        let value = unsafe tables[Int(before & 0xFF)] ^ before >> 8
        unsafe (tables + index).initialize(to: value)
    }
    return unsafe UnsafePointer(tables)
}()
