import FeatureModel
import Testing

@Suite struct SizeTextTests {
    @Test("Sizes are read and written")
    func bothWays() {
        #expect(
            [1, 999, 1000, 1_234_567, 2_000_000_000].map { SizeText.text(bytes: $0) } == [
                "1 byte", "999 bytes", "1.0 kB", "1.2 MB", "2.0 GB",
            ]
        )
        #expect(
            ["512MB", "2gib", "64KiB", "7", "8b", "1TB"].map { SizeText.bytes($0) } == [
                512_000_000, 2 << 30, 64 << 10, 7, 8, 1_000_000_000_000,
            ]
        )
        for text in ["", "MB", "0", "-1MB", "1.5GB", "512M", "99999999999TB", "9 MB"] {
            #expect(SizeText.bytes(text) == nil, "\(text)")
        }
    }
}
