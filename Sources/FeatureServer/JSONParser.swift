/// A number of a JSON text.
enum JSONNumber: Equatable {
    /// A number without fraction and exponent that fits into 64 bits.
    case integer(Int64)
    /// Any other number, rounded to the nearest double.
    case float(Double)
}

/// A strict reader of one JSON text (RFC 8259), value by value, without building a tree.
///
/// The caller looks at ``peek()`` and takes the value by its kind. A container is read by
/// `enterObject()` and `nextKey()` until it is `nil`, or by `enterArray()` and `hasElement()`
/// until it is false, taking or skipping one value each time; `finish()` comes last.
struct JSONParser: ~Escapable {
    /// What the next value is.
    enum Kind {
        case object
        case array
        case string
        case number
        case boolean
        case null
    }

    private let bytes: Span<UInt8>
    /// The offset of the next byte.
    private(set) var position = 0
    private var depth = 0
    /// Whether the innermost container has had no element yet.
    private var isAtStartOfContainer = false

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Whether there is no byte at all.
    var isEmpty: Bool { self.bytes.isEmpty }

    /// The kind of the next value, which is not taken.
    mutating func peek() throws(RequestError) -> Kind {
        self.skipWhitespace()
        guard self.position < self.bytes.count else {
            throw self.error("Expecting value, found the end")
        }
        switch self.bytes[self.position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        default: throw self.error("Expecting value")
        }
    }

    // MARK: Containers

    /// Takes the `{` that `peek()` saw.
    mutating func enterObject() throws(RequestError) {
        try self.enter()
    }

    /// Takes the next key and its colon; or the `}`, and gives `nil`.
    mutating func nextKey() throws(RequestError) -> String? {
        guard try self.hasMember(before: "}") else { return nil }
        guard self.byte() == UInt8(ascii: "\"") else {
            throw self.error("Expecting property name enclosed in double quotes")
        }
        let key = try self.takeString()
        self.skipWhitespace()
        guard self.take(":") else { throw self.error("Expecting ':' delimiter") }
        return key
    }

    /// Takes the `[` that `peek()` saw.
    mutating func enterArray() throws(RequestError) {
        try self.enter()
    }

    /// Whether an element follows; takes the comma before it, or the `]` when none does.
    mutating func hasElement() throws(RequestError) -> Bool {
        try self.hasMember(before: "]")
    }

    private mutating func enter() throws(RequestError) {
        guard self.depth < maximumJSONDepth else {
            throw self.error("More than \(maximumJSONDepth) levels of arrays and objects")
        }
        self.depth += 1
        self.position += 1
        self.isAtStartOfContainer = true
    }

    private mutating func hasMember(before end: Unicode.Scalar) throws(RequestError) -> Bool {
        self.skipWhitespace()
        if self.take(end) {
            self.depth -= 1
            self.isAtStartOfContainer = false
            return false
        }
        if self.isAtStartOfContainer {
            self.isAtStartOfContainer = false
        } else {
            guard self.take(",") else {
                throw self.error("Expecting ',' delimiter or '\(end)'")
            }
            self.skipWhitespace()
        }
        return true
    }

    /// Checks that nothing but white space is left.
    mutating func finish() throws(RequestError) {
        self.skipWhitespace()
        guard self.position == self.bytes.count else { throw self.error("Extra data") }
    }

    // MARK: Single values

    /// Takes the `null` that `peek()` saw.
    mutating func takeNull() throws(RequestError) {
        try self.takeWord("null")
    }

    /// Takes the `true` or `false` that `peek()` saw.
    mutating func takeBoolean() throws(RequestError) -> Bool {
        if self.byte() == UInt8(ascii: "t") {
            try self.takeWord("true")
            return true
        }
        try self.takeWord("false")
        return false
    }

    private mutating func takeWord(_ word: StaticString) throws(RequestError) {
        for character in String(describing: word).utf8 {
            guard self.byte() == character else { throw self.error("Expecting value") }
            self.position += 1
        }
    }

    /// Takes the number that `peek()` saw.
    mutating func takeNumber() throws(RequestError) -> JSONNumber {
        let start = self.position
        let isNegative = self.take("-")
        var value: Int64 = 0
        var isExact = true
        if self.take("0") {
            // RFC 8259 allows no digit after a leading zero; what follows says so.
        } else {
            guard self.isDigit else { throw self.error("Expecting a digit") }
            while self.isDigit {
                // Downwards, because there is one negative integer more.
                let digit = Int64(self.bytes[self.position] - UInt8(ascii: "0"))
                let product = value.multipliedReportingOverflow(by: 10)
                let difference = product.partialValue.subtractingReportingOverflow(digit)
                if product.overflow || difference.overflow { isExact = false }
                value = difference.partialValue
                self.position += 1
            }
        }
        if self.take(".") {
            isExact = false
            try self.skipDigits()
        }
        if self.take("e") || self.take("E") {
            isExact = false
            if !self.take("+") { _ = self.take("-") }
            try self.skipDigits()
        }
        if isExact, isNegative || value != .min {
            return .integer(isNegative ? value : -value)
        }
        return .float(try self.double(from: start))
    }

    /// Takes the number that `peek()` saw, letter for letter.
    mutating func takeNumber(appendingTextTo text: inout [UInt8]) throws(RequestError) {
        let start = self.position
        _ = try self.takeNumber()
        for index in start..<self.position {
            text.append(self.bytes[index])
        }
    }

    /// What was taken since an offset, which is ASCII.
    func text(from start: Int) -> String {
        var text = ""
        for index in start..<self.position {
            text.unicodeScalars.append(Unicode.Scalar(self.bytes[index]))
        }
        return text
    }

    private func double(from start: Int) throws(RequestError) -> Double {
        guard self.position - start <= maximumNumberLength else {
            throw self.error("A number of more than \(maximumNumberLength) characters")
        }
        guard let double = Double(self.text(from: start)) else {
            throw self.error("Expecting a number")
        }
        return double
    }

    private mutating func skipDigits() throws(RequestError) {
        guard self.isDigit else { throw self.error("Expecting a digit") }
        while self.isDigit { self.position += 1 }
    }

    /// Takes the string that `peek()` saw.
    mutating func takeString() throws(RequestError) -> String {
        self.position += 1
        let start = self.position
        while let byte = self.byte(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw self.error("Invalid control character") }
            self.position += 1
        }
        let span = self.bytes.extracting(start..<self.position)
        guard let text = try? UTF8Span(validating: span) else {
            throw self.error("Invalid UTF-8", at: start)
        }
        if self.take("\"") { return String(copying: text) }
        guard self.position < self.bytes.count else {
            throw self.error("Unterminated string", at: start - 1)
        }
        return try self.takeEscapedString(from: start)
    }

    /// Takes a string that has an escape, from its first character.
    private mutating func takeEscapedString(from start: Int) throws(RequestError) -> String {
        self.position = start
        var text: [UInt8] = []
        while let byte = self.byte() {
            self.position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw self.error("Invalid UTF-8", at: start)
                }
                return string
            case UInt8(ascii: "\\"):
                try self.takeEscape(into: &text)
            case 0..<0x20:
                throw self.error("Invalid control character", at: self.position - 1)
            default:
                text.append(byte)
            }
        }
        throw self.error("Unterminated string", at: start - 1)
    }

    private mutating func takeEscape(into text: inout [UInt8]) throws(RequestError) {
        let start = self.position - 1
        guard let byte = self.byte() else { throw self.error("Unterminated string", at: start) }
        self.position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try self.takeHexadecimal()
            if (0xD800..<0xDC00).contains(code), self.take("\\"), self.take("u") {
                let low = try self.takeHexadecimal()
                guard (0xDC00..<0xE000).contains(low) else {
                    throw self.error("Unpaired surrogate", at: start)
                }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw self.error("Unpaired surrogate", at: start)
            }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            throw self.error("Invalid \\escape", at: start)
        }
    }

    private mutating func takeHexadecimal() throws(RequestError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch self.byte() {
            case .some(let byte) where self.isDigit: digit = byte - UInt8(ascii: "0")
            case .some(let byte) where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"):
                digit = byte - UInt8(ascii: "a") + 10
            case .some(let byte) where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"):
                digit = byte - UInt8(ascii: "A") + 10
            default: throw self.error("Invalid \\uXXXX escape")
            }
            code = code << 4 | UInt32(digit)
            self.position += 1
        }
        return code
    }

    /// Takes the next value, whatever it is.
    ///
    /// - Complexity: O(n); the recursion is bounded by ``maximumJSONDepth``.
    mutating func skipValue() throws(RequestError) {
        switch try self.peek() {
        case .object:
            try self.enterObject()
            while try self.nextKey() != nil { try self.skipValue() }
        case .array:
            try self.enterArray()
            while try self.hasElement() { try self.skipValue() }
        case .string: _ = try self.takeString()
        case .number: _ = try self.takeNumber()
        case .boolean: _ = try self.takeBoolean()
        case .null: try self.takeNull()
        }
    }

    // MARK: Bytes

    private func byte() -> UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private var isDigit: Bool {
        guard let byte = self.byte() else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.byte() == UInt8(ascii: character) else { return false }
        self.position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = self.byte(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            self.position += 1
        }
    }

    private func error(_ reason: String, at offset: Int? = nil) -> RequestError {
        .invalidJSON(reason, offset: offset ?? self.position)
    }
}
