import Crypto

/// The SHA-256 of bytes that come piece by piece.
struct ContentHash {
    private var state = SHA256()

    init() {}

    /// The hash of bytes that are all there, as text.
    static func text(of bytes: [UInt8]) -> String {
        var hash = ContentHash()
        hash.add(bytes.span)
        return hash.text
    }

    /// Takes the next bytes.
    mutating func add(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe self.state.update(bufferPointer: $0) }
    }

    /// The hash of the bytes so far: 64 hexadecimal digits.
    var text: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self.state.finalize() {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

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
