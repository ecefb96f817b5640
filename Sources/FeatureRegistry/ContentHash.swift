import Crypto

/// The SHA-256 of bytes that come piece by piece.
package struct ContentHash {
    private var state = SHA256()

    package init() {}

    /// The hash of bytes that are all there, as text.
    package static func text(of bytes: [UInt8]) -> String {
        var hash = ContentHash()
        hash.add(bytes.span)
        return hash.text
    }

    /// Takes the next bytes.
    package mutating func add(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe self.state.update(bufferPointer: $0) }
    }

    /// The hash of the bytes so far: 64 hexadecimal digits.
    package var text: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self.state.finalize() {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
