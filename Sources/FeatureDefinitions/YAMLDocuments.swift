import FeatureModel
import Foundation
import Yams

/// The documents of one YAML file.
enum YAMLDocuments {
    /// The text of a file, without a byte order mark.
    ///
    /// - Throws: What is wrong with the file as a whole.
    static func text(ofFile file: String, at path: String) throws(YAMLProblem) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw YAMLProblem(
                message: "\(file) cannot be read",
                fix: "check that you may read the file",
                place: SourceLocation(file: file, line: 1, column: 1)
            )
        }
        guard var text = String(validating: data, as: UTF8.self) else {
            throw YAMLProblem(
                message: "\(file) is not UTF-8 text",
                fix: "save it with the encoding UTF-8",
                place: SourceLocation(file: file, line: Self.lineOfInvalidText(data), column: 1)
            )
        }
        if text.unicodeScalars.first == "\u{FEFF}" {
            text.unicodeScalars.removeFirst()
        }
        return text
    }

    /// The roots of the documents of a text that hold anything, in order.
    ///
    /// The parser compares the keys of a map as texts, whatever YAML takes them for: they are names
    /// here, and `1` and `"1"` are one name. ``Node/scalarKind`` says what a scalar is.
    static func roots(of text: String, file: String) throws(YAMLProblem) -> [Node] {
        var roots: [Node] = []
        do {
            let parser = try Parser(yaml: text, resolver: .basic)
            while let root = try parser.nextRoot() {
                roots.append(root)
            }
        } catch {
            throw YAMLProblem(error, text: text, file: file)
        }
        return roots.filter { !$0.isNull }
    }

    private static func lineOfInvalidText(_ data: Data) -> Int {
        var line = 1
        for row in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if String(validating: row, as: UTF8.self) == nil { break }
            line += 1
        }
        return line
    }
}

/// Why a file as a whole cannot be read.
struct YAMLProblem: Error {
    var message: String
    var fix: String
    var place: SourceLocation

    init(message: String, fix: String, place: SourceLocation) {
        self.message = message
        self.fix = fix
        self.place = place
    }

    /// The problem that Yams found in a text.
    init(_ error: any Error, text: String, file: String) {
        self.message = "this is not YAML: \(error)"
        self.fix = "check the indentation, quotes and brackets before this place"
        self.place = SourceLocation(file: file, line: 1, column: 1)
        guard let error = error as? YamlError else { return }
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            self.message = "this is not YAML: " + Self.reason(context, problem, at: mark)
            self.place.line = mark.line
            self.place.column = mark.column
            guard problem.contains("cannot start any token") else { return }
            let line = Self.line(mark.line, of: text)
            if line.contains("\t") {
                self.fix = "indent with spaces; YAML does not allow tabs there"
            } else if let first = line.unicodeScalars.dropFirst(mark.column - 1).first {
                self.fix = "put the text in quotes, without which none begins with \"\(first)\""
            }
        case .reader(let problem, let offset, _, _):
            self.message = "this is not YAML: \(problem)"
            self.fix = "remove the character, or write it as an escape in double quotes"
            if let offset {
                let before = text.prefix(offset)
                self.place.line = before.count(where: \.isNewline) + 1
                self.place.column = before.reversed().prefix { !$0.isNewline }.count + 1
            }
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            self.message = "the key \(names) occurs more than once in one map; this is the first"
            self.fix = "keep one of them"
            self.place.line = context.mark.line
            self.place.column = context.mark.column
        default:
            break
        }
    }

    /// What the parser was at, where that began if it was on another line, and what it met.
    private static func reason(
        _ context: YamlError.Context?,
        _ problem: String,
        at mark: Mark
    ) -> String {
        guard let context else { return problem }
        let start = context.mark
        let place = start.line == mark.line ? "" : " that begins at \(start.line):\(start.column)"
        return "\(context.text)\(place) \(problem)"
    }

    private static func line(_ number: Int, of text: String) -> Substring {
        let lines = text.split(separator: "\n", maxSplits: number, omittingEmptySubsequences: false)
        return number <= lines.count ? lines[number - 1] : ""
    }
}

extension Node {
    /// What YAML takes a scalar for.
    enum ScalarKind {
        case text
        case number
        case bool
        case null
    }

    /// What YAML takes this scalar for; `nil` for lists and maps.
    ///
    /// YAML's rules are regular expressions, which are slow, and most scalars of a repository are
    /// names that none of them can match.
    var scalarKind: ScalarKind? {
        guard let scalar = self.scalar else { return nil }
        if scalar.tag.rawValue == Tag.Name.implicit.rawValue, Self.isSurelyText(scalar.string) {
            return .text
        }
        switch Resolver.default.resolveTag(of: self).rawValue {
        case Tag.Name.int.rawValue, Tag.Name.float.rawValue: return .number
        case Tag.Name.bool.rawValue: return .bool
        case Tag.Name.null.rawValue: return .null
        default: return .text
        }
    }

    /// Whether a plain scalar begins as no number, time, truth value or null of YAML does, or is
    /// a word that is too long to be one.
    static func isSurelyText(_ text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        switch first {
        case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"),
            UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"),
            UInt8(ascii: "o"), UInt8(ascii: "O"):
            // The longest of them are "false" and a line break: `$` matches before one.
            return text.utf8.count > 6
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return true
        default:
            return false
        }
    }

    /// Whether the node is an empty value, `~` or `null`.
    var isNull: Bool { self.scalarKind == .null }

    /// The node as people say it: `the number 5`, `a list`.
    var title: String {
        switch self {
        case .sequence: return "a list"
        case .mapping: return "a map"
        case .scalar(let scalar):
            switch self.scalarKind {
            case .number: return "the number \(scalar.string)"
            case .bool: return "the truth value \(scalar.string)"
            case .null: return scalar.string.isEmpty ? "nothing" : "the null value \(scalar.string)"
            case .text, nil: return "the text \"\(scalar.string)\""
            }
        default: return "an alias"
        }
    }

    /// The node's place in a file.
    func place(in file: String) -> SourceLocation {
        SourceLocation(file: file, line: self.mark?.line ?? 1, column: self.mark?.column ?? 1)
    }
}
