/// The features that a view's source would give it, for a view whose definition names none.
///
/// It is made from declared types and sampled rows, and is a proposal: nothing uses it before it is
/// written into the definitions.
public struct SchemaProposal: Hashable, Sendable {
    /// One proposed feature.
    public struct Feature: Hashable, Codable, Sendable {
        /// The feature's name: the column's, or what the source's `field_mapping` makes of it.
        public var name: String
        /// The proposed type.
        public var type: ValueType
        /// What speaks against trusting the type; `nil` when the samples speak for it.
        public var remark: String?

        /// A feature.
        public init(name: String, type: ValueType, remark: String? = nil) {
            self.name = name
            self.type = type
            self.remark = remark
        }
    }

    /// How many rows of a source are looked at.
    public static let maximumSampledRows = 1000

    /// The view.
    public var view: String
    /// The features, in the order of the source's columns.
    public var features: [Feature]
    /// The columns that cannot be features as they are called, with the reason, in their order.
    public var leftOut: [String]
    /// How many rows were looked at.
    public var sampledRows: Int

    /// A proposal.
    public init(view: String, features: [Feature], leftOut: [String] = [], sampledRows: Int) {
        self.view = view
        self.features = features
        self.leftOut = leftOut
        self.sampledRows = sampledRows
    }

    /// The `schema:` of a view as YAML in block style, ready to paste; without line ends.
    ///
    /// - Parameter indentation: How many spaces stand before each line.
    /// - Returns: The lines.
    public func yaml(indentation: Int) -> [String] {
        let margin = String(repeating: " ", count: indentation)
        var lines = ["\(margin)schema:"]
        for feature in self.features {
            let remark = feature.remark.map { "  # \($0)" } ?? ""
            let name = Self.scalar(feature.name)
            lines.append("\(margin)  - { name: \(name), dtype: \(feature.type) }\(remark)")
        }
        return lines + self.leftOut.map { "\(margin)  # \(Self.oneLine($0))" }
    }

    /// A text as a YAML scalar: bare when nothing else could be meant, in double quotes else.
    private static func scalar(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let startsWithDigit = text.utf8.first.map { $0 &- UInt8(ascii: "0") < 10 } ?? true
        let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        if isWord, !startsWithDigit, !words.contains(text.lowercased()) { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A text that stays in the comment it is in.
    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
                }
            )
        )
    }
}
