/// A strict cursor over the bytes of one JSON text (RFC 8259), without a tree.
package struct JSONText: ~Escapable {
    /// How deep arrays and objects may lie in each other.
    private static let maximumDepth = 200

    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// How many bytes were taken.
    package var offset: Int { self.position }

    /// Appends the whole text without insignificant whitespace.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - mustBeObject: Whether anything but an object is refused.
    ///   - output: What is appended to.
    /// - Returns: False when the text is not JSON; part of it may have been appended then.
    package static func compact(
        _ text: Span<UInt8>,
        mustBeObject: Bool,
        to output: inout [UInt8]
    ) -> Bool {
        guard isUTF8(text) else { return false }
        var cursor = JSONText(text)
        cursor.skipWhitespace()
        if mustBeObject, cursor.peek() != UInt8(ascii: "{") { return false }
        guard cursor.copyValue(to: &output, depth: 0) else { return false }
        return cursor.isAtEnd()
    }

    /// Whether bytes are UTF-8.
    package static func isUTF8(_ text: Span<UInt8>) -> Bool {
        (try? UTF8Span(validating: text)) != nil
    }

    /// The next byte that is no whitespace, which stays.
    package mutating func peek() -> UInt8? {
        self.skipWhitespace()
        return self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    /// Takes one byte of punctuation, after whitespace.
    package mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.peek() == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    /// Whether nothing but whitespace is left.
    package mutating func isAtEnd() -> Bool {
        self.peek() == nil
    }

    /// Takes a number, a string with its quotes, `true`, `false` or `null`.
    ///
    /// - Returns: Where it stands, or `nil` when something else does.
    package mutating func scalar() -> Range<Int>? {
        guard let first = self.peek() else { return nil }
        let start = self.position
        let isThere: Bool
        switch first {
        case UInt8(ascii: "\""): isThere = self.skipString()
        case UInt8(ascii: "t"): isThere = self.skipWord("true")
        case UInt8(ascii: "f"): isThere = self.skipWord("false")
        case UInt8(ascii: "n"): isThere = self.skipWord("null")
        default: isThere = self.skipNumber()
        }
        return isThere ? start..<self.position : nil
    }

    /// Takes the next value, whatever it is, and appends it without insignificant whitespace.
    ///
    /// - Returns: False when there is none; part of it may have been appended then.
    package mutating func copyValue(to output: inout [UInt8]) -> Bool {
        self.copyValue(to: &output, depth: 0)
    }

    private mutating func skipWhitespace() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x09, 0x0A, 0x0D: self.position += 1
            default: return
            }
        }
    }

    private mutating func copyValue(to output: inout [UInt8], depth: Int) -> Bool {
        guard depth < Self.maximumDepth, let first = self.peek() else { return false }
        switch first {
        case UInt8(ascii: "{"): return self.copyContainer(isObject: true, &output, depth: depth)
        case UInt8(ascii: "["): return self.copyContainer(isObject: false, &output, depth: depth)
        default:
            guard let range = self.scalar() else { return false }
            output.append(span: self.bytes.extracting(range))
            return true
        }
    }

    private mutating func copyContainer(
        isObject: Bool,
        _ output: inout [UInt8],
        depth: Int
    ) -> Bool {
        let close: UInt8 = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        output.append(self.bytes[self.position])
        self.position += 1
        if self.peek() == close {
            output.append(close)
            self.position += 1
            return true
        }
        while true {
            if isObject {
                guard self.peek() == UInt8(ascii: "\""), let name = self.scalar() else {
                    return false
                }
                output.append(span: self.bytes.extracting(name))
                guard self.take(":") else { return false }
                output.append(UInt8(ascii: ":"))
            }
            guard self.copyValue(to: &output, depth: depth + 1) else { return false }
            guard let next = self.peek() else { return false }
            self.position += 1
            output.append(next)
            if next == close { return true }
            guard next == UInt8(ascii: ",") else { return false }
        }
    }

    private mutating func skipWord(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard self.position + length <= self.bytes.count else { return false }
        for index in 0..<length {
            guard unsafe self.bytes[self.position + index] == word.utf8Start[index] else {
                return false
            }
        }
        self.position += length
        return true
    }

    private mutating func skipNumber() -> Bool {
        _ = self.skip(UInt8(ascii: "-"))
        if !self.skip(UInt8(ascii: "0")) {
            guard self.skipDigits() else { return false }
        }
        if self.skip(UInt8(ascii: ".")) {
            guard self.skipDigits() else { return false }
        }
        if self.skip(UInt8(ascii: "e")) || self.skip(UInt8(ascii: "E")) {
            if !self.skip(UInt8(ascii: "-")) { _ = self.skip(UInt8(ascii: "+")) }
            guard self.skipDigits() else { return false }
        }
        return true
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard self.position < self.bytes.count, self.bytes[self.position] == byte else {
            return false
        }
        self.position += 1
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = self.position
        while self.position < self.bytes.count,
            self.bytes[self.position] &- UInt8(ascii: "0") < 10
        {
            self.position += 1
        }
        return self.position > start
    }

    private mutating func skipString() -> Bool {
        self.position += 1
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            self.position += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte < 0x20 { return false }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard self.position < self.bytes.count else { return false }
            let escaped = self.bytes[self.position]
            self.position += 1
            switch escaped {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
                UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                break
            case UInt8(ascii: "u"):
                guard hexadecimal(self.bytes, at: self.position) != nil else { return false }
                self.position += 4
            default:
                return false
            }
        }
        return false
    }
}

extension [UInt8] {
    /// Appends bytes in one copy.
    package mutating func append(span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe self.append(contentsOf: $0) }
    }
}

/// Four hexadecimal digits; `nil` when they are not there.
func hexadecimal(_ bytes: Span<UInt8>, at position: Int) -> UInt32? {
    guard position + 4 <= bytes.count else { return nil }
    var value: UInt32 = 0
    for index in position..<(position + 4) {
        guard let digit = hexadecimalDigit(bytes[index]) else { return nil }
        value = value << 4 | UInt32(digit)
    }
    return value
}

/// The value of one hexadecimal digit.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
