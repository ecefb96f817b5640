import CSQLite

/// The text of one scalar SQL expression, taken apart and found harmless.
///
/// What may stand in an expression is written down here, word by word: literals, operators,
/// `CASE`, `CAST`, the functions of ``functionNames``, and names. Everything else is refused before
/// SQLite sees it: statements, subqueries, comments, parameters, times and chance. Each name
/// becomes a parameter, so that no name can mean anything but an input.
package struct SQLExpression: Hashable, Sendable {
    /// The longest text that is taken, in bytes of UTF-8.
    package static let maximumLength = 16_384

    /// The text as it was written.
    package let text: String
    /// The names that the text uses, each once, in order of first mention: the inputs.
    ///
    /// Names are compared letter by letter, case included.
    package private(set) var names: [String] = []
    /// The functions that the text calls, each once, in lower case.
    package private(set) var functions: Set<String> = []
    /// Whether the class of the result may hang on the values: the text has a `CASE`, reads JSON,
    /// or picks one of several arguments.
    package private(set) var isConditional = false
    /// The text for SQLite, with `?1` for the first name.
    package private(set) var sql = ""

    /// Takes a text apart.
    ///
    /// - Throws: What must not or cannot stand in an expression. What only the grammar of SQL
    ///   forbids is found when the expression is compiled.
    package init(_ text: String) throws(SQLExpressionError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw SQLExpressionError(
                "the expression has \(text.utf8.count) bytes, and \(Self.maximumLength) are allowed"
            )
        }
        self.text = text
        var tokens = SQLExpressionTokens(text)
        var reader = TokenReader()
        while let token = try tokens.next() {
            try reader.read(token, nextIsOpen: tokens.isBeforeParenthesis, into: &self)
        }
        try reader.finish()
    }

    fileprivate mutating func append(_ token: String) {
        if !self.sql.isEmpty { self.sql += " " }
        self.sql += token
    }

    fileprivate mutating func append(name: String) {
        let known = self.names.firstIndex { $0.utf8.elementsEqual(name.utf8) }
        if known == nil { self.names.append(name) }
        self.append("?\((known ?? self.names.count - 1) + 1)")
    }

    fileprivate mutating func append(function: String) {
        self.functions.insert(function)
        if Self.choosingFunctions.contains(function) { self.isConditional = true }
        self.append(function)
    }

    fileprivate mutating func append(keyword: String) {
        if keyword == "CASE" { self.isConditional = true }
        self.append(keyword)
    }

    fileprivate mutating func append(operator symbol: String) {
        if symbol.hasPrefix("->") { self.isConditional = true }
        self.append(symbol)
    }
}

/// Why a text is no expression that may be evaluated.
package struct SQLExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// How to mend it, where that is known.
    package let fix: String?
    /// The function that is not known, if that is what is wrong.
    package let function: String?

    init(_ message: String, fix: String? = nil, function: String? = nil) {
        self.message = message
        self.fix = fix
        self.function = function
    }

    package var description: String { self.message }
}

/// Judges the tokens one after the other, and keeps count of parentheses.
private struct TokenReader {
    private struct Parenthesis {
        /// The function that it belongs to; `nil` for a plain one.
        var function: String?
        var isCast = false
        var commas = 0
        var isEmpty = true
    }

    private var open: [Parenthesis] = []
    /// The function or CAST whose parenthesis comes next.
    private var callee: String?
    /// The keyword before, if the token before was one.
    private var keyword = ""
    private var isEmpty = true

    mutating func read(
        _ token: SQLExpressionTokens.Token,
        nextIsOpen: Bool,
        into expression: inout SQLExpression
    ) throws(SQLExpressionError) {
        let previous = self.keyword
        self.keyword = ""
        if token != .symbol(")"), !self.open.isEmpty {
            self.open[self.open.count - 1].isEmpty = false
        }
        self.isEmpty = false
        try self.checkTrimming(token)
        switch token {
        case .literal(let text):
            try Self.checkPattern(text, after: previous)
            expression.append(text)
        case .quotedName(let name):
            expression.append(name: name)
        case .symbol(let symbol):
            try self.read(symbol: symbol)
            expression.append(operator: symbol)
        case .word(let word):
            try self.read(word: word, after: previous, nextIsOpen: nextIsOpen, into: &expression)
        }
    }

    func finish() throws(SQLExpressionError) {
        guard !self.isEmpty else { throw SQLExpressionError("the expression is empty") }
        guard self.open.isEmpty else { throw SQLExpressionError("a \")\" is missing") }
    }

    /// A pattern that is always too long would make every value null.
    private static func checkPattern(
        _ literal: String,
        after keyword: String
    ) throws(SQLExpressionError) {
        guard keyword == "LIKE" || keyword == "GLOB",
            // In single quotes.
            literal.utf8.count - 2 > SQLiteDatabase.maximumExpressionPattern
        else { return }
        throw SQLExpressionError(
            "a pattern of \(keyword) has at most "
                + "\(SQLiteDatabase.maximumExpressionPattern) bytes",
            fix: "look for a shorter part, or with instr() for a text that means itself"
        )
    }

    /// The time of trimming is the product of two lengths, byte by byte; the one of the characters
    /// must not come from a request.
    private func checkTrimming(
        _ token: SQLExpressionTokens.Token
    ) throws(SQLExpressionError) {
        guard let call = self.open.last, call.commas == 1, let function = call.function,
            ["ltrim", "rtrim", "trim"].contains(function), token != .symbol(")")
        else { return }
        if case .literal = token { return }
        throw SQLExpressionError(
            "\(function)() takes the characters only as a text in single quotes"
        )
    }

    private mutating func read(symbol: String) throws(SQLExpressionError) {
        switch symbol {
        case "(":
            let isCast = self.callee == "CAST"
            self.open.append(Parenthesis(function: isCast ? nil : self.callee, isCast: isCast))
            self.callee = nil
        case ")":
            guard let closed = self.open.popLast() else {
                throw SQLExpressionError("there is a \")\" without a \"(\"")
            }
            if let function = closed.function, ["min", "max"].contains(function),
                closed.commas == 0
            {
                throw SQLExpressionError(
                    "\(function)() needs two or more arguments; of rows there is only one"
                )
            }
        case ",":
            guard !self.open.isEmpty else {
                throw SQLExpressionError("a \",\" separates two expressions; write one a feature")
            }
            self.open[self.open.count - 1].commas += 1
        default:
            return
        }
    }

    private mutating func read(
        word: String,
        after previous: String,
        nextIsOpen: Bool,
        into expression: inout SQLExpression
    ) throws(SQLExpressionError) {
        let upper = word.uppercased()
        if previous == "COLLATE" {
            guard ["BINARY", "NOCASE", "RTRIM"].contains(upper) else {
                throw SQLExpressionError(
                    "there is no collation \"\(word)\"; the collations are BINARY, NOCASE, RTRIM"
                )
            }
            return expression.append(upper)
        }
        if previous == "AS" {
            guard ["INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC"].contains(upper) else {
                throw SQLExpressionError(
                    "CAST knows no type \"\(word)\"; the types are INTEGER, REAL, TEXT, BLOB, "
                        + "NUMERIC"
                )
            }
            return expression.append(upper)
        }
        if SQLExpression.keywords.contains(upper) {
            self.keyword = upper
            if upper == "AS", self.open.last?.isCast != true {
                throw SQLExpressionError("AS stands only in CAST(… AS …)")
            }
            if upper == "CAST" { self.callee = "CAST" }
            return expression.append(keyword: upper)
        }
        if let reason = SQLExpression.refusedWords[upper] {
            throw SQLExpressionError(
                "\(upper) cannot stand in an expression: \(reason); if it is the name of an input, "
                    + "write it in double quotes"
            )
        }
        if nextIsOpen {
            let name = word.lowercased()
            guard SQLExpression.functionNames.contains(name) else {
                throw SQLExpression.refusal(ofFunction: word)
            }
            self.callee = name
            return expression.append(function: name)
        }
        expression.append(name: word)
    }
}
