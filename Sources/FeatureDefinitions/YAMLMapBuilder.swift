import FeatureModel
import Yams

/// A YAML map in the making, whose texts stay texts when they are read again.
struct YAMLMapBuilder {
    private var pairs: [(Node, Node)] = []

    /// Adds a text.
    mutating func add(_ key: String, _ text: String) {
        self.add(key, Self.node(text))
    }

    /// Adds a text unless it is empty, which a missing key means as well.
    mutating func addUnlessEmpty(_ key: String, _ text: String) {
        guard !text.isEmpty else { return }
        self.add(key, text)
    }

    /// Adds a truth value.
    mutating func add(_ key: String, _ value: Bool) {
        self.add(key, Node(value ? "true" : "false", Tag(.bool), .plain))
    }

    /// Adds a duration, which needs no quotes although it begins with a digit.
    mutating func add(_ key: String, microseconds: Int64) {
        self.add(key, Node(DurationText.text(microseconds: microseconds), Tag(.str), .plain))
    }

    /// Adds texts on one line.
    mutating func add(_ key: String, _ texts: [String]) {
        self.add(key, Self.node(texts))
    }

    /// Adds a map of texts, in the order of its keys, unless it is empty.
    mutating func addUnlessEmpty(_ key: String, _ texts: [String: String]) {
        guard !texts.isEmpty else { return }
        var map = YAMLMapBuilder()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            map.add(name, text)
        }
        self.add(key, map.node(.block))
    }

    /// Adds a value.
    mutating func add(_ key: String, _ value: Node) {
        self.pairs.append((Self.node(key), value))
    }

    /// The map.
    func node(_ style: Node.Mapping.Style) -> Node {
        Node(self.pairs, Tag(.map), style)
    }

    /// A list, one item a line.
    static func list(_ items: [Node]) -> Node {
        Node(items, Tag(.seq), .block)
    }

    /// Texts on one line.
    static func node(_ texts: [String]) -> Node {
        Node(texts.map { self.node($0) }, Tag(.seq), .flow)
    }

    /// A text; in quotes unless it is plain words that YAML takes for nothing else.
    static func node(_ text: String) -> Node {
        let style: Node.Scalar.Style =
            self.isPlain(text) ? .plain : self.isLines(text) ? .literal : .doubleQuoted
        return Node(text, Tag(.str), style)
    }

    /// Words that YAML 1.1 takes for truth values and nulls.
    private static let reserved: Set<String> = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null",
    ]

    /// Whether a text begins with a letter, `_` or `/`, and has words of harmless characters alone,
    /// with single spaces between them.
    private static func isPlain(_ text: String) -> Bool {
        guard !self.reserved.contains(text.lowercased()) else { return false }
        var previous: UInt8?
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "_"), UInt8(ascii: "/"):
                break
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "("), UInt8(ascii: ")"):
                guard previous != nil, previous != UInt8(ascii: " ") else { return false }
            case UInt8(ascii: " "):
                guard previous != nil, previous != byte else { return false }
            default:
                return false
            }
            previous = byte
        }
        return previous != nil && previous != UInt8(ascii: " ")
    }

    /// Whether a text is several lines of printable ASCII without space at their ends, so that it
    /// may stand as it is.
    private static func isLines(_ text: String) -> Bool {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count > 1, let first = lines.first, first.first != UInt8(ascii: " ") else {
            return false
        }
        return lines.allSatisfy { line in
            guard let end = line.last else { return false }
            return end != UInt8(ascii: " ")
                && line.allSatisfy { $0 >= UInt8(ascii: " ") && $0 < 0x7f }
        }
    }
}
