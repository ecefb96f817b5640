import FeatureModel
import Yams

extension DefinitionMap {
    /// A text; numbers and truth values must be in quotes to be one.
    func text(_ key: String) -> String? {
        self[key].flatMap { self.text($0, key: key) }
    }

    /// A text that may not be empty.
    func nonEmptyText(_ key: String) -> String? {
        guard let node = self[key], let text = self.text(node, key: key) else { return nil }
        if text.isEmpty {
            self.report(
                key,
                node,
                "\"\(key)\" of \(self.subject) is empty",
                fix: "give it a value or remove the key"
            )
            return nil
        }
        return text
    }

    /// A node as a text.
    func text(_ node: Node, key: String) -> String? {
        guard let scalar = node.scalar, node.scalarKind == .text else {
            let fix =
                switch node.scalar?.string {
                case nil: "write \(key): and one text"
                case "": "give it a value or remove the key"
                case let text?: "put it in quotes: \"\(text)\""
                }
            self.report(key, node, mustBe: "text", fix: fix)
            return nil
        }
        return scalar.string
    }

    /// A truth value.
    func bool(_ key: String) -> Bool? {
        guard let node = self[key] else { return nil }
        guard node.scalarKind == .bool, let value = node.bool else {
            self.report(key, node, mustBe: "true or false", fix: "write true or false")
            return nil
        }
        return value
    }

    /// A duration, in microseconds.
    func duration(_ key: String) -> Int64? {
        guard let node = self[key] else { return nil }
        let text = node.scalar?.string ?? ""
        guard let value = DurationText.microseconds(text) else {
            var fix = "write a whole number and a unit: 90s, 15m, 6h, 1d or 2w"
            if let seconds = Int64(text), seconds > 0 {
                fix += "; for seconds, \(seconds)s"
            }
            // A duration in form, but below zero or beyond what times can hold.
            let hasUnit = text.last.map { "smhdw".contains($0) } ?? false
            let count = text.dropLast().drop { $0 == "-" }
            let isDuration = hasUnit && !count.isEmpty && count.allSatisfy(\.isWholeNumber)
            let what = isDuration ? "a duration from 0 to 10,000 years" : "a duration"
            self.report(key, node, mustBe: what, fix: fix)
            return nil
        }
        return value
    }

    /// A number of bytes.
    func byteCount(_ key: String) -> Int? {
        guard let node = self[key] else { return nil }
        guard let count = ByteSizeText.byteCount(node.scalar?.string ?? "") else {
            self.report(
                key,
                node,
                mustBe: "a size",
                fix: "write a whole number and a unit, such as 64KB, 256MB or 2GB, or 0 for none"
            )
            return nil
        }
        return count
    }

    /// A list.
    func list(_ key: String) -> [Node]? {
        guard let node = self[key] else { return nil }
        guard let sequence = node.sequence else {
            self.report(key, node, mustBe: "a list", fix: "write [a, b], or one \"- …\" line each")
            return nil
        }
        return Array(sequence)
    }

    /// A list of texts.
    ///
    /// An item that is no text is reported and left out, and its place recorded like the others'.
    func texts(_ key: String) -> [String]? {
        guard let nodes = self.list(key) else { return nil }
        var texts: [String] = []
        for node in nodes {
            guard let text = self.text(node, key: key) else { continue }
            self.record(node, part: "\(key).\(texts.count)")
            texts.append(text)
        }
        return texts
    }

    /// Labels: a map of texts; numbers and truth values are taken as they are written.
    func tags(_ key: String = "tags") -> [String: String] {
        guard let node = self[key] else { return [:] }
        guard let map = self.map(node, under: key, subject: "\"\(key)\" of \(self.subject)") else {
            return [:]
        }
        var tags: [String: String] = [:]
        for entry in map.entries {
            if let scalar = entry.value.scalar, !entry.value.isNull {
                tags[entry.name] = scalar.string
            } else {
                map.report(
                    entry.name,
                    entry.value,
                    mustBe: "text",
                    fix: "give it one value in quotes"
                )
            }
        }
        return tags
    }

    /// A map of texts.
    func textMap(_ key: String) -> [String: String]? {
        guard let node = self[key] else { return nil }
        guard let map = self.map(node, under: key, subject: "\"\(key)\" of \(self.subject)") else {
            return nil
        }
        var texts: [String: String] = [:]
        for entry in map.entries {
            map.record(entry.value, part: "\(key).\(entry.name)")
            if let text = map.text(entry.value, key: entry.name) {
                texts[entry.name] = text
            }
        }
        return texts
    }

    /// A value type by name.
    func valueType(_ node: Node, key: String) -> ValueType? {
        guard let name = self.text(node, key: key) else { return nil }
        guard let type = ValueType(name) else {
            self.report(
                key,
                node,
                "\"\(key)\" of \(self.subject) is an unknown type \"\(name)\"",
                fix: Self.typeSuggestion(for: name)
            )
            return nil
        }
        return type
    }

    /// Types under names that other systems give them.
    private static let otherTypeNames = [
        "int": "int64", "integer": "int64", "long": "int64", "bigint": "int64", "float": "float32",
        "double": "float64", "real": "float64", "number": "float64", "str": "string",
        "text": "string", "varchar": "string", "boolean": "bool", "timestamp": "unix_timestamp",
        "datetime": "unix_timestamp", "date": "unix_timestamp", "binary": "bytes", "blob": "bytes",
    ]

    private static func typeSuggestion(for name: String) -> String {
        if let type = self.otherTypeNames[name.lowercased()] {
            return "did you mean \"\(type)\"?"
        }
        if !nearestNames(to: name, among: ValueType.allNames).isEmpty {
            return suggestion(for: name, among: ValueType.allNames, noun: "type")
        }
        return "the types are: int32, int64, float32, float64, string, bytes, bool, "
            + "unix_timestamp, array(…) of these, map, json, uuid, decimal"
    }
}
