import Yams

/// A definition as a value: the keys and values that a file with it has.
public indirect enum DefinitionValue: Hashable, Sendable, Encodable {
    /// A text.
    case text(String)
    /// A truth value.
    case bool(Bool)
    /// A list.
    case list([DefinitionValue])
    /// A map.
    case map([String: DefinitionValue])

    init(_ node: Node) {
        switch node {
        case .scalar(let scalar):
            self = scalar.tag == Tag(.bool) ? .bool(scalar.string == "true") : .text(scalar.string)
        case .sequence(let items):
            self = .list(items.map { DefinitionValue($0) })
        case .mapping(let pairs):
            var map: [String: DefinitionValue] = [:]
            for (key, value) in pairs {
                map[key.string ?? ""] = DefinitionValue(value)
            }
            self = .map(map)
        case .alias:
            self = .text("")
        }
    }

    /// Encodes the value as itself, with no sign of the case.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .bool(let bool): try container.encode(bool)
        case .list(let items): try container.encode(items)
        case .map(let pairs): try container.encode(pairs)
        }
    }
}
