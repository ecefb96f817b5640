import NativeStorage
import TestSupport
import Testing

@Suite("Checksum")
struct ChecksumTests {
    /// The definition: one bit after the other.
    private func naive(_ bytes: [UInt8]) -> UInt32 {
        var state = UInt32.max
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 {
                state = state >> 1 ^ (state & 1 == 1 ? 0xEDB8_8320 : 0)
            }
        }
        return ~state
    }

    @Test("Runs of every length have the checksum of the definition")
    func everyLength() {
        var random = SeededGenerator(seed: 1)
        for count in 0..<900 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(checksum(bytes.span) == self.naive(bytes), "\(count) bytes")
            // Not only from the start of an allocation.
            let tail = Array(bytes.dropFirst(3))
            #expect(checksum(bytes.span.extracting(min(3, count)...)) == self.naive(tail))
        }
    }
}
