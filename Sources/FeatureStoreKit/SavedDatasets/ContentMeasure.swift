import FeatureRegistry

/// How large something is and its hash, and the hash of as much of its beginning as it once had.
struct ContentMeasure {
    /// The size so far.
    private(set) var size = 0
    /// The hash of the first `prefixSize`; `nil` as long as there is less.
    private(set) var prefixHash: String?
    private var hash = ContentHash()
    private let prefixSize: Int?

    init(prefixSize: Int? = nil) {
        self.prefixSize = prefixSize
    }

    /// The hash of all.
    var hashText: String { self.hash.text }

    /// Takes the next bytes.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - size: What they add to the size: their count, one for a row, or nothing.
    mutating func add(_ bytes: Span<UInt8>, size: Int) {
        guard let prefixSize = self.prefixSize, prefixSize >= self.size,
            prefixSize < self.size + size
        else {
            self.hash.add(bytes)
            self.size += size
            return
        }
        let head = prefixSize - self.size
        self.hash.add(bytes.extracting(0..<head))
        self.prefixHash = self.hash.text
        self.hash.add(bytes.extracting(head..<bytes.count))
        self.size += size
    }
}
