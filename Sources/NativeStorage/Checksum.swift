import CZlib

/// The CRC-32 of zlib, gzip and PNG over `bytes`; 0 for none.
package func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return UInt32(truncatingIfNeeded: unsafe crc32_z(0, base, bytes.count))
    }
}
