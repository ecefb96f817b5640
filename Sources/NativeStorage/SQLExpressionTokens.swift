/// The tokens of an SQL expression, read as SQLite reads them; what SQLite reads and an expression
/// must not have is an error.
struct SQLExpressionTokens {
    enum Token: Equatable {
        /// A number, a text in single quotes or a blob, as it was written.
        case literal(String)
        /// A keyword, the name of a function or a name.
        case word(String)
        /// A name that was written in double quotes, without them.
        case quotedName(String)
        /// An operator, a parenthesis or a comma.
        case symbol(String)
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// Whether the next token is an opening parenthesis.
    var isBeforeParenthesis: Bool {
        var index = self.position
        while index < self.bytes.count, isSpace(self.bytes[index]) { index += 1 }
        return index < self.bytes.count && self.bytes[index] == UInt8(ascii: "(")
    }

    /// Takes the next token; `nil` at the end.
    mutating func next() throws(SQLExpressionError) -> Token? {
        while let byte = self.byte(at: 0), isSpace(byte) { self.position += 1 }
        guard let first = self.byte(at: 0) else { return nil }
        let second = self.byte(at: 1)
        switch first {
        case UInt8(ascii: "'"):
            return .literal("'\(try self.quoted("text", keepingQuotes: true))'")
        case UInt8(ascii: "\""):
            let name = try self.quoted("name", keepingQuotes: false)
            guard !name.isEmpty else { throw SQLExpressionError("a name in quotes is empty") }
            return .quotedName(name)
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            guard second == UInt8(ascii: "'") else { return .word(self.word()) }
            self.position += 1
            return .literal("x'\(try self.quoted("blob", keepingQuotes: true))'")
        case _ where isDigit(first):
            return .literal(try self.number())
        case UInt8(ascii: "."):
            if let second, isDigit(second) { return .literal(try self.number()) }
            throw SQLExpressionError(
                "a \".\" stands only in numbers; a feature of a view is named view__feature"
            )
        case _ where isWordByte(first) && first != UInt8(ascii: "$"):
            return .word(self.word())
        default:
            return .symbol(try self.symbol())
        }
    }

    private func byte(at offset: Int) -> UInt8? {
        let index = self.position + offset
        return index < self.bytes.count ? self.bytes[index] : nil
    }

    private mutating func word() -> String {
        let start = self.position
        while let byte = self.byte(at: 0), isWordByte(byte) { self.position += 1 }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    /// What stands between two quotes; a doubled quote stands for one.
    private mutating func quoted(
        _ noun: String,
        keepingQuotes: Bool
    ) throws(SQLExpressionError) -> String {
        let quote = self.bytes[self.position]
        self.position += 1
        var content: [UInt8] = []
        while let byte = self.byte(at: 0) {
            self.position += 1
            guard byte != 0 else {
                throw SQLExpressionError("a \(noun) in quotes holds the character U+0000")
            }
            if byte == quote {
                guard self.byte(at: 0) == quote else {
                    return String(decoding: content, as: UTF8.self)
                }
                self.position += 1
                if keepingQuotes { content.append(quote) }
            }
            content.append(byte)
        }
        throw SQLExpressionError("the closing quote of a \(noun) is missing")
    }

    private mutating func number() throws(SQLExpressionError) -> String {
        let start = self.position
        if self.byte(at: 0) == UInt8(ascii: "0"), let mark = self.byte(at: 1), mark | 0x20 == 0x78 {
            self.position += 2
            while let byte = self.byte(at: 0), isHexadecimal(byte) { self.position += 1 }
        } else {
            self.skipDigits()
            if self.byte(at: 0) == UInt8(ascii: ".") {
                self.position += 1
                self.skipDigits()
            }
            if let mark = self.byte(at: 0), mark | 0x20 == UInt8(ascii: "e") {
                let sign = self.byte(at: 1)
                let isSigned = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
                if let digit = self.byte(at: isSigned ? 2 : 1), isDigit(digit) {
                    self.position += isSigned ? 2 : 1
                    self.skipDigits()
                }
            }
        }
        if let byte = self.byte(at: 0), isWordByte(byte) || byte == UInt8(ascii: ".") {
            while let byte = self.byte(at: 0), isWordByte(byte) { self.position += 1 }
            let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
            throw SQLExpressionError("\"\(text)\" is no number; a name with it stands in quotes")
        }
        return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }

    private mutating func skipDigits() {
        while let byte = self.byte(at: 0), isDigit(byte) { self.position += 1 }
    }

    private mutating func symbol() throws(SQLExpressionError) -> String {
        let rest = self.bytes[self.position...]
        for comment in ["--", "/*"] where rest.starts(with: comment.utf8) {
            throw SQLExpressionError("\"\(comment)\" begins a comment, which cannot stand here")
        }
        let symbols = [
            "->>", "->", "||", "<<", ">>", "<=", ">=", "<>", "!=", "==",
            "+", "-", "*", "/", "%", "&", "|", "~", "<", ">", "=", "(", ")", ",",
        ]
        for symbol in symbols where rest.starts(with: symbol.utf8) {
            self.position += symbol.utf8.count
            return symbol
        }
        let character = String(decoding: rest, as: UTF8.self).unicodeScalars.first ?? " "
        let shown =
            character.properties.generalCategory == .control
            ? "a control character" : "\"\(character)\""
        throw SQLExpressionError("\(shown) cannot stand in an expression")
    }
}

private func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0C || byte == 0x0D
}

private func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
}

/// What SQLite takes for part of a word: letters, digits, `_`, `$` and everything beyond ASCII.
private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
        true
    default:
        false
    }
}
