import FeatureStoreKit

extension DirectEntities {
    /// Reads the value of `entities`, of the plain form only: an object that has each join key of
    /// the read once, with lists of one length of whole numbers or of texts without escapes.
    ///
    /// - Parameters:
    ///   - body: The body.
    ///   - start: Where the value, or white space before it, starts.
    ///   - read: What is read.
    /// - Returns: Where the value ends; `nil` when it has another form, or is wrong.
    /// - Complexity: O(bytes).
    mutating func parse(_ body: Span<UInt8>, from start: Int, for read: DirectRead) -> Int? {
        self.removeAll()
        var cursor = DirectCursor(body, position: start)
        cursor.skipWhitespace()
        guard cursor.take(UInt8(ascii: "{")) else { return nil }
        while true {
            cursor.skipWhitespace()
            guard let name = cursor.takePlainText() else { return nil }
            guard let key = read.index(ofKey: body, name), !self.keys.contains(key) else {
                return nil
            }
            cursor.skipWhitespace()
            guard cursor.take(UInt8(ascii: ":")) else { return nil }
            cursor.skipWhitespace()
            guard self.takeList(&cursor, key: read.keys[key]) else { return nil }
            self.keys.append(key)
            cursor.skipWhitespace()
            if cursor.take(UInt8(ascii: ",")) { continue }
            guard cursor.take(UInt8(ascii: "}")), self.keys.count == read.keys.count else {
                return nil
            }
            return cursor.position
        }
    }

    private mutating func takeList(_ cursor: inout DirectCursor, key: DirectRead.Key) -> Bool {
        guard cursor.take(UInt8(ascii: "[")) else { return false }
        let first = self.ids.count
        let start = cursor.position
        var isCompact = true
        while true {
            if cursor.skipWhitespace() { isCompact = false }
            if key.isText {
                let start = cursor.position
                guard cursor.takePlainText() != nil else { return false }
                self.ids.append(ID(integer: 0, start: start, end: cursor.position))
            } else {
                let start = cursor.position
                guard let integer = cursor.takePlainInteger(), key.integers.contains(integer)
                else { return false }
                self.ids.append(ID(integer: integer, start: start, end: cursor.position))
            }
            let end = cursor.position
            if cursor.skipWhitespace() { isCompact = false }
            if cursor.take(UInt8(ascii: ",")) { continue }
            guard cursor.take(UInt8(ascii: "]")) else { return false }
            let count = self.ids.count - first
            guard self.keys.isEmpty || count == self.rowCount else { return false }
            self.rowCount = count
            self.lists.append(isCompact ? (start, end) : (-1, -1))
            return true
        }
    }
}

extension DirectRead {
    /// The join key whose name stands there.
    fileprivate func index(ofKey body: Span<UInt8>, _ range: Range<Int>) -> Int? {
        for index in self.keys.indices {
            let name = self.keys[index].name
            guard name.count == range.count else { continue }
            var isEqual = true
            for offset in 0..<name.count where name[offset] != body[range.lowerBound + offset] {
                isEqual = false
            }
            if isEqual { return index }
        }
        return nil
    }
}

/// Reads plain JSON values, and nothing else.
private struct DirectCursor: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var position: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, position: Int) {
        self.bytes = bytes
        self.position = position
    }

    private func byte() -> UInt8 {
        // No byte of a plain value is 0.
        self.position < self.bytes.count ? self.bytes[self.position] : 0
    }

    /// - Returns: Whether there was any.
    @discardableResult
    mutating func skipWhitespace() -> Bool {
        let start = self.position
        while true {
            let byte = self.byte()
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
                return self.position > start
            }
            self.position += 1
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard self.byte() == byte else { return false }
        self.position += 1
        return true
    }

    /// Takes a string without escapes.
    ///
    /// - Returns: Where it stands, without the quotes.
    mutating func takePlainText() -> Range<Int>? {
        guard self.take(UInt8(ascii: "\"")) else { return nil }
        let start = self.position
        var isASCII = true
        while true {
            let byte = self.byte()
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { return nil }
            if byte == UInt8(ascii: "\"") { break }
            if byte >= 0x80 { isASCII = false }
            self.position += 1
        }
        let range = start..<self.position
        if !isASCII, (try? UTF8Span(validating: self.bytes.extracting(range))) == nil {
            return nil
        }
        self.position += 1
        return range
    }

    /// Takes a whole number of at most 18 digits that is written as it would be printed.
    mutating func takePlainInteger() -> Int64? {
        let isNegative = self.take(UInt8(ascii: "-"))
        let start = self.position
        var value: Int64 = 0
        while true {
            let digit = self.byte() &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ Int64(digit)
            self.position += 1
            guard self.position - start <= 18 else { return nil }
        }
        let count = self.position - start
        guard count > 0, count == 1 || self.bytes[start] != UInt8(ascii: "0"),
            !isNegative || value != 0
        else { return nil }
        // What follows decides whether it was a whole number: a comma or the end of the list.
        return isNegative ? -value : value
    }
}
