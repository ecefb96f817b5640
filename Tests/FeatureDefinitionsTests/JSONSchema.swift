import Foundation
import Yams

/// A value of a YAML or JSON document.
indirect enum Document {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([Document])
    case object([(key: String, value: Document)])

    /// The first document of a text; YAML takes JSON as well.
    init(parsing text: String) throws {
        let root = try Parser(yaml: text).singleRoot()
        self = try root.map { try Document($0) } ?? .null
    }

    private init(_ node: Node) throws {
        switch node {
        case .sequence(let sequence):
            self = .array(try sequence.map { try Document($0) })
        case .mapping(let mapping):
            self = .object(
                try mapping.map { key, value in (key.scalar?.string ?? "", try Document(value)) }
            )
        case .scalar(let scalar):
            switch node.tag.rawValue {
            case Tag.Name.int.rawValue, Tag.Name.float.rawValue:
                self = .number(Double(scalar.string) ?? .nan)
            case Tag.Name.bool.rawValue: self = .bool(node.bool ?? false)
            case Tag.Name.null.rawValue: self = .null
            default: self = .string(scalar.string)
            }
        default:
            throw DocumentError(description: "an alias")
        }
    }

    subscript(key: String) -> Document? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var members: [(key: String, value: Document)] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    var elements: [Document] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var number: Double? {
        guard case .number(let number) = self else { return nil }
        return number
    }

    /// The names of the members of an object, or the texts of an array.
    var words: [String] { self.members.map(\.key) + self.elements.compactMap(\.text) }

    /// The kind of the value as JSON Schema names it.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    func isSame(as other: Document) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        default: false
        }
    }
}

struct DocumentError: Error, CustomStringConvertible {
    let description: String
}

/// A validator of the keywords of JSON Schema (draft 7) that our schemas use.
///
/// A keyword that it does not know is an error, so that nothing is checked by accident.
struct JSONSchema {
    let root: Document

    init(parsing text: String) throws {
        self.root = try Document(parsing: text)
    }

    func accepts(_ document: Document) throws -> Bool {
        try self.accepts(document, by: self.root)
    }

    private static let silent = [
        "$schema", "$id", "title", "description", "default", "definitions",
    ]

    private func accepts(_ value: Document, by schema: Document) throws -> Bool {
        for (keyword, argument) in schema.members where !Self.silent.contains(keyword) {
            guard try self.holds(keyword, argument, of: value, in: schema) else { return false }
        }
        return true
    }

    private func holds(
        _ keyword: String,
        _ argument: Document,
        of value: Document,
        in schema: Document
    ) throws -> Bool {
        switch keyword {
        case "$ref":
            let name = String(argument.text?.split(separator: "/").last ?? "")
            guard let definition = self.root["definitions"]?[name] else {
                throw DocumentError(description: "no definition \(name)")
            }
            return try self.accepts(value, by: definition)
        case "type":
            return argument.text.map { $0 == value.kind } ?? argument.words.contains(value.kind)
        case "const": return value.isSame(as: argument)
        case "enum": return argument.elements.contains { $0.isSame(as: value) }
        case "anyOf": return try argument.elements.contains { try self.accepts(value, by: $0) }
        case "allOf": return try argument.elements.allSatisfy { try self.accepts(value, by: $0) }
        case "oneOf":
            return try argument.elements.count { try self.accepts(value, by: $0) } == 1
        case "not": return try !self.accepts(value, by: argument)
        case "if":
            guard let then = schema["then"] else { return true }
            return try !self.accepts(value, by: argument) || self.accepts(value, by: then)
        case "then": return true
        case "minItems", "uniqueItems", "items":
            guard case .array(let elements) = value else { return true }
            return try self.holds(keyword, argument, ofElements: elements)
        case "pattern", "minLength":
            guard let text = value.text else { return true }
            return try self.holds(keyword, argument, ofText: text)
        default:
            guard case .object(let members) = value else { return true }
            return try self.holds(keyword, argument, ofMembers: members, in: schema)
        }
    }

    private func holds(
        _ keyword: String,
        _ argument: Document,
        ofElements elements: [Document]
    ) throws -> Bool {
        switch keyword {
        case "minItems": return Double(elements.count) >= argument.number ?? 0
        case "uniqueItems":
            return !elements.indices.contains { index in
                elements[..<index].contains { $0.isSame(as: elements[index]) }
            }
        default: return try elements.allSatisfy { try self.accepts($0, by: argument) }
        }
    }

    private func holds(_ keyword: String, _ argument: Document, ofText text: String) throws -> Bool
    {
        if keyword == "minLength" {
            return Double(text.unicodeScalars.count) >= argument.number ?? 0
        }
        let expression = try NSRegularExpression(pattern: argument.text ?? "")
        let range = NSRange(text.startIndex..., in: text)
        return expression.firstMatch(in: text, range: range) != nil
    }

    private func holds(
        _ keyword: String,
        _ argument: Document,
        ofMembers members: [(key: String, value: Document)],
        in schema: Document
    ) throws -> Bool {
        switch keyword {
        case "required":
            return argument.words.allSatisfy { key in members.contains { $0.key == key } }
        case "minProperties": return Double(members.count) >= argument.number ?? 0
        case "maxProperties": return Double(members.count) <= argument.number ?? 0
        case "propertyNames":
            return try members.allSatisfy { try self.accepts(.string($0.key), by: argument) }
        case "properties":
            return try members.allSatisfy { key, value in
                try argument[key].map { try self.accepts(value, by: $0) } ?? true
            }
        case "additionalProperties":
            let known = schema["properties"]?.words ?? []
            let others = members.filter { !known.contains($0.key) }
            if case .bool(let isAllowed) = argument { return isAllowed || others.isEmpty }
            return try others.allSatisfy { try self.accepts($0.value, by: argument) }
        default:
            throw DocumentError(description: "the validator does not know \(keyword)")
        }
    }
}
