import FeatureModel
import TestSupport

/// A value as SQLite knows it.
enum PlainSQL: Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)

    /// How a feature's value comes into an expression.
    init(_ value: Value) {
        self =
            switch value {
            case .integer(let integer): .integer(integer)
            case .float(let float): float.isNaN ? .null : .real(float)
            case .bool(let bool): .integer(bool ? 1 : 0)
            case .timestamp(let time): .integer(time.microseconds)
            case .string(let text): .text(text)
            default: .null
            }
    }

    var number: Double {
        switch self {
        case .integer(let integer): Double(integer)
        case .real(let real): real
        default: .nan
        }
    }

    var isTrue: Bool { self != .null && self.number != 0 }

    /// As `CAST(… AS INTEGER)` does.
    var truncated: Int64 {
        switch self {
        case .integer(let integer): integer
        case .real(let real) where real <= -9.3e18: .min
        case .real(let real) where real >= 9.2233720368547758e18: .max
        case .real(let real): Int64(exactly: real.rounded(.towardZero)) ?? .min
        default: 0
        }
    }

    /// Less than, equal to or greater than zero; `nil` with a null.
    func order(_ other: PlainSQL) -> Int? {
        switch (self, other) {
        case (.null, _), (_, .null): nil
        case (.text(let left), .text(let right)):
            left.utf8.elementsEqual(right.utf8)
                ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        case (.integer(let left), .integer(let right)): left < right ? -1 : left > right ? 1 : 0
        default:
            // Eighty bits hold every int64 and every double.
            self.extended < other.extended ? -1 : self.extended > other.extended ? 1 : 0
        }
    }

    private var extended: Float80 {
        if case .integer(let integer) = self { return Float80(integer) }
        return Float80(self.number)
    }

    /// The value that a feature of a type gets, by the table of the documentation.
    func value(as type: ValueType) -> Value {
        switch (self, type) {
        case (.integer(let integer), .int64): return .integer(integer)
        case (.integer(let integer), .int32):
            return Int32(exactly: integer) == nil ? .null : .integer(integer)
        case (.integer(let integer), .bool):
            return integer == 0 || integer == 1 ? .bool(integer == 1) : .null
        case (.integer(let integer), .unixTimestamp):
            let isInRange = integer >= -62_135_596_800_000_000 && integer < 253_402_300_800_000_000
            return isInRange ? .timestamp(Timestamp(microseconds: integer)) : .null
        case (.integer, .float64), (.real, .float64): return .float(self.number)
        case (.integer(let integer), .float32): return .float(Double(Float(integer)))
        case (.real(let real), .float32): return .float(Double(Float(real)))
        case (.real(let real), .int32), (.real(let real), .int64), (.real(let real), .bool),
            (.real(let real), .unixTimestamp):
            guard abs(real) <= 9_007_199_254_740_992, real == real.rounded() else { return .null }
            return PlainSQL.integer(Int64(real)).value(as: type)
        case (.text(let text), .string): return .string(text)
        default: return .null
        }
    }
}

/// An expression as a tree, which is written as SQL and computed by hand.
indirect enum RandomExpression {
    case input(String)
    case literal(PlainSQL)
    case arithmetic(String, RandomExpression, RandomExpression)
    case comparison(String, RandomExpression, RandomExpression)
    case isNull(RandomExpression)
    case not(RandomExpression)
    case both(RandomExpression, RandomExpression)
    case either(RandomExpression, RandomExpression)
    case choice(RandomExpression, then: RandomExpression, otherwise: RandomExpression)
    case call(String, [RandomExpression])
    case concatenation(RandomExpression, RandomExpression)
    case cast(RandomExpression, to: String)

    var sql: String {
        switch self {
        case .input(let name): name
        case .literal(.null): "NULL"
        case .literal(.integer(let integer)): "\(integer)"
        case .literal(.real(let real)): "\(real)"
        case .literal(.text(let text)): "'\(text)'"
        case .arithmetic(let symbol, let left, let right),
            .comparison(let symbol, let left, let right):
            "(\(left.sql) \(symbol) \(right.sql))"
        case .isNull(let inner): "(\(inner.sql) IS NULL)"
        case .not(let inner): "(NOT \(inner.sql))"
        case .both(let left, let right): "(\(left.sql) AND \(right.sql))"
        case .either(let left, let right): "(\(left.sql) OR \(right.sql))"
        case .choice(let condition, let then, let otherwise):
            "CASE WHEN \(condition.sql) THEN \(then.sql) ELSE \(otherwise.sql) END"
        case .call(let name, let arguments):
            "\(name)(\(arguments.map(\.sql).joined(separator: ", ")))"
        case .concatenation(let left, let right): "(\(left.sql) || \(right.sql))"
        case .cast(let inner, let type): "CAST(\(inner.sql) AS \(type))"
        }
    }

    func value(_ inputs: [String: PlainSQL]) -> PlainSQL {
        func truth(_ bool: Bool?) -> PlainSQL { bool.map { .integer($0 ? 1 : 0) } ?? .null }
        switch self {
        case .input(let name): return inputs[name] ?? .null
        case .literal(let value): return value
        case .arithmetic(let symbol, let left, let right):
            return Self.arithmetic(symbol, left.value(inputs), right.value(inputs))
        case .comparison(let symbol, let left, let right):
            return truth(
                left.value(inputs).order(right.value(inputs)).map { order in
                    switch symbol {
                    case "<": order < 0
                    case "<=": order <= 0
                    case "=": order == 0
                    default: order != 0
                    }
                }
            )
        case .isNull(let inner): return truth(inner.value(inputs) == .null)
        case .not(let inner):
            let value = inner.value(inputs)
            return value == .null ? .null : truth(!value.isTrue)
        case .both(let left, let right):
            let values = [left.value(inputs), right.value(inputs)]
            if values.contains(where: { $0 != .null && !$0.isTrue }) { return truth(false) }
            return values.contains(.null) ? .null : truth(true)
        case .either(let left, let right):
            let values = [left.value(inputs), right.value(inputs)]
            if values.contains(where: \.isTrue) { return truth(true) }
            return values.contains(.null) ? .null : truth(false)
        case .choice(let condition, let then, let otherwise):
            return condition.value(inputs).isTrue ? then.value(inputs) : otherwise.value(inputs)
        case .call(let name, let arguments):
            return Self.call(name, arguments.map { $0.value(inputs) })
        case .concatenation(let left, let right):
            guard let left = left.value(inputs).asText, let right = right.value(inputs).asText
            else {
                return .null
            }
            return .text(left + right)
        case .cast(let inner, let type):
            let value = inner.value(inputs)
            if value == .null { return .null }
            return type == "REAL" ? .real(value.number) : .integer(value.truncated)
        }
    }

    private static func arithmetic(
        _ symbol: String,
        _ left: PlainSQL,
        _ right: PlainSQL
    ) -> PlainSQL {
        if left == .null || right == .null { return .null }
        if symbol == "%" {
            let divisor = right.truncated
            guard divisor != 0 else { return .null }
            let rest = divisor == -1 ? 0 : left.truncated % divisor
            if case (.integer, .integer) = (left, right) { return .integer(rest) }
            return .real(Double(rest))
        }
        if case (.integer(let left), .integer(let right)) = (left, right) {
            if symbol == "/", right == 0 { return .null }
            let (exact, overflows) =
                switch symbol {
                case "+": left.addingReportingOverflow(right)
                case "-": left.subtractingReportingOverflow(right)
                case "*": left.multipliedReportingOverflow(by: right)
                default: left.dividedReportingOverflow(by: right)
                }
            if !overflows { return .integer(exact) }
        }
        let (left, right) = (left.number, right.number)
        if symbol == "/", right == 0 { return .null }
        let result =
            switch symbol {
            case "+": left + right
            case "-": left - right
            case "*": left * right
            default: left / right
            }
        return result.isNaN ? .null : .real(result)
    }

    private static func call(_ name: String, _ arguments: [PlainSQL]) -> PlainSQL {
        switch name {
        case "coalesce": return arguments.first { $0 != .null } ?? .null
        case "nullif": return arguments[0].order(arguments[1]) == 0 ? .null : arguments[0]
        case "iif": return arguments[0].isTrue ? arguments[1] : arguments[2]
        case "max", "min":
            var best = arguments[0]
            for argument in arguments {
                guard let order = best.order(argument) else { return .null }
                if name == "max" ? order < 0 : order >= 0 { best = argument }
            }
            return best
        case "length":
            guard case .text(let text) = arguments[0] else { return .null }
            return .integer(Int64(text.unicodeScalars.count))
        default:
            guard case .text(let text) = arguments[0] else { return .null }
            let scalars = text.unicodeScalars.map { scalar in
                scalar.isASCII ? String(scalar).uppercased() : String(scalar)
            }
            return .text(scalars.joined())
        }
    }
}

extension PlainSQL {
    fileprivate var asText: String? {
        switch self {
        case .text(let text): text
        case .integer(let integer): "\(integer)"
        default: nil
        }
    }
}

extension RandomExpression {
    /// A number or null, of these numeric and textual inputs.
    static func number(
        of numbers: [String],
        texts: [String],
        depth: Int,
        using random: inout SeededGenerator
    ) -> RandomExpression {
        func next() -> RandomExpression {
            .number(of: numbers, texts: texts, depth: depth - 1, using: &random)
        }
        func truth() -> RandomExpression {
            .truth(of: numbers, texts: texts, depth: depth - 1, using: &random)
        }
        guard depth > 0 else {
            if Int.random(in: 0..<4, using: &random) > 0 {
                return .input(numbers.randomElement(using: &random) ?? "i")
            }
            let literals: [PlainSQL] = [
                .integer(0), .integer(1), .integer(3), .integer(.max), .real(0.5), .real(2),
                .real(1e300), .null,
            ]
            return .literal(literals.randomElement(using: &random) ?? .null)
        }
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return .call("coalesce", [next(), next()])
        case 1: return .call("nullif", [next(), next()])
        case 2: return .call("iif", [truth(), next(), next()])
        case 3: return .choice(truth(), then: next(), otherwise: next())
        case 4: return .call("max", [next(), next(), next()])
        case 5: return .call("min", [next(), next()])
        case 6: return .cast(next(), to: Bool.random(using: &random) ? "REAL" : "INTEGER")
        case 7:
            return .call(
                "length",
                [.text(of: numbers, texts: texts, depth: depth - 1, using: &random)]
            )
        case 8: return truth()
        default:
            let symbol = ["+", "-", "*", "/", "%"].randomElement(using: &random) ?? "+"
            return .arithmetic(symbol, next(), next())
        }
    }

    /// A text or null.
    static func text(
        of numbers: [String],
        texts: [String],
        depth: Int,
        using random: inout SeededGenerator
    ) -> RandomExpression {
        func next() -> RandomExpression {
            .text(of: numbers, texts: texts, depth: depth - 1, using: &random)
        }
        guard depth > 0 else {
            if Int.random(in: 0..<4, using: &random) > 0 {
                return .input(texts.randomElement(using: &random) ?? "s")
            }
            return .literal(.text(["", "x", "É"].randomElement(using: &random) ?? ""))
        }
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return .call("upper", [next()])
        case 1: return .call("coalesce", [next(), next()])
        case 2:
            let number = RandomExpression.number(
                of: numbers,
                texts: texts,
                depth: depth - 1,
                using: &random
            )
            return .concatenation(.cast(number, to: "INTEGER"), next())
        case 3: return .call("max", [next(), next()])
        default: return .concatenation(next(), next())
        }
    }

    private static func truth(
        of numbers: [String],
        texts: [String],
        depth: Int,
        using random: inout SeededGenerator
    ) -> RandomExpression {
        func number() -> RandomExpression {
            .number(of: numbers, texts: texts, depth: depth - 1, using: &random)
        }
        func text() -> RandomExpression {
            .text(of: numbers, texts: texts, depth: depth - 1, using: &random)
        }
        func next() -> RandomExpression {
            .truth(of: numbers, texts: texts, depth: depth - 1, using: &random)
        }
        let symbol = ["<", "<=", "=", "<>"].randomElement(using: &random) ?? "<"
        switch depth > 0 ? Int.random(in: 0..<6, using: &random) : 5 {
        case 0: return .isNull(Bool.random(using: &random) ? number() : text())
        case 1: return .not(next())
        case 2: return .both(next(), next())
        case 3: return .either(next(), next())
        case 4: return .comparison(symbol, text(), text())
        default: return .comparison(symbol, number(), number())
        }
    }
}
