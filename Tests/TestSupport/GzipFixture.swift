/// A gzip file whose members hold their bytes as they are.
package func gzipFile(members: [[UInt8]]) -> [UInt8] {
    members.flatMap { bytes in
        var member: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3]
        var start = 0
        repeat {
            let end = min(bytes.count, start + 65_535)
            let length = UInt16(end - start)
            member.append(end == bytes.count ? 1 : 0)
            for word in [length, ~length] {
                member += [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
            }
            member += bytes[start..<end]
            start = end
        } while start < bytes.count
        return member + gzipTrailer(of: bytes)
    }
}

/// What follows the packed bytes of a gzip member: CRC-32 and length.
package func gzipTrailer(of bytes: [UInt8]) -> [UInt8] {
    var crc = UInt32.max
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 {
            crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
        }
    }
    let words = [~crc, UInt32(bytes.count)]
    return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
}
