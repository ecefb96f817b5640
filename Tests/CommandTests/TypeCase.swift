/// One value of one type, as it is written on each way in and out.
///
/// The texts are written by hand from the formats' own rules; none is computed by the program.
struct TypeCase: Sendable {
    /// What SQLite stores a value as.
    enum Stored: Sendable, Equatable, CustomStringConvertible {
        case null
        case integer(Int64)
        /// A number by its bits, so that -0.0 is not 0.0.
        case real(UInt64)
        case text(String)
        case blob([UInt8])

        static func real(_ value: Double) -> Stored { .real(value.bitPattern) }

        var description: String {
            switch self {
            case .null: "NULL"
            case .integer(let value): "INTEGER \(value)"
            case .real(let bits): "REAL \(Double(bitPattern: bits))"
            case .text(let text): "TEXT '\(text.prefix(80))'"
            case .blob(let bytes): "BLOB \(bytes)"
            }
        }

        /// Text is equal when its code points are, which Swift's own comparison does not ask.
        static func == (left: Stored, right: Stored) -> Bool {
            switch (left, right) {
            case (.null, .null): true
            case (.integer(let left), .integer(let right)): left == right
            case (.real(let left), .real(let right)): left == right
            case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
            case (.blob(let left), .blob(let right)): left == right
            default: false
            }
        }
    }

    /// A field of a CSV source, quotes included.
    let csv: String
    /// An SQL literal for an SQLite source.
    let sql: String
    /// A field of a CSV training set, quotes included.
    let csvOut: String
    /// A value of a JSON Lines training set.
    let json: String
    /// A value of an HTTP answer.
    let wire: String
    /// A value of an SQLite training set.
    let stored: Stored

    init(
        _ csv: String,
        sql: String,
        out: String? = nil,
        json: String,
        wire: String? = nil,
        stored: Stored
    ) {
        self.csv = csv
        self.sql = sql
        self.csvOut = out ?? csv
        self.json = json
        self.wire = wire ?? json
        self.stored = stored
    }

    /// No value: the empty field, NULL, null.
    static let null = TypeCase("", sql: "NULL", json: "null", stored: .null)

    /// A whole number that is spelt alike everywhere.
    static func integer(_ value: Int64) -> TypeCase {
        TypeCase("\(value)", sql: "\(value)", json: "\(value)", stored: .integer(value))
    }

    /// A text of a canonical form that JSON has as a string without escapes.
    static func text(_ text: String, from source: String? = nil) -> TypeCase {
        TypeCase(
            source ?? text,
            sql: "'\(source ?? text)'",
            out: text,
            json: "\"\(text)\"",
            stored: .text(text)
        )
    }

    /// An array or a map, which CSV has in quotes and JSON as itself.
    ///
    /// A source, or HTTP, spells it as JSON Lines does unless another spelling is given.
    static func container(_ source: String? = nil, _ json: String, wire: String? = nil) -> TypeCase
    {
        TypeCase(
            self.field(source ?? json),
            sql: "'\((source ?? json).replacing("'", with: "''"))'",
            out: self.field(json),
            json: json,
            wire: wire,
            stored: .text(json)
        )
    }

    /// A text as a CSV field, in quotes when it must be.
    static func field(_ text: String) -> String {
        guard text.contains(where: { ",\"\n".contains($0) }) || text.isEmpty else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}

/// The cases of one type; a null is among all of them.
struct TypeCases: Sendable {
    let type: String
    let cases: [TypeCase]

    init(_ type: String, _ cases: [TypeCase]) {
        self.type = type
        self.cases = cases + [.null]
    }

    /// The type as a part of a name: `array_int64`.
    var word: String {
        self.type.replacing("(", with: "_").replacing(")", with: "")
    }
}
