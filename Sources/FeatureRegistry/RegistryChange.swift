public import FeatureModel

/// What a plan does to one object.
public struct RegistryChange: Hashable, Codable, Sendable {
    /// What is done.
    public enum Action: String, Codable, Sendable {
        /// The object is new.
        case created
        /// The object has other values.
        case changed
        /// The object is gone.
        case deleted
    }

    /// One value of an object: a path such as `schema.temp`, and its text before and after.
    public struct FieldChange: Hashable, Codable, Sendable {
        /// The place in the definition, with the keys of a definition file.
        public var path: String
        /// The value before; `nil` when there was none.
        public var old: String?
        /// The value after; `nil` when there is none.
        public var new: String?

        /// A change of one value.
        public init(path: String, old: String?, new: String?) {
            self.path = path
            self.old = old
            self.new = new
        }
    }

    private enum CodingKeys: String, CodingKey {
        case kind
        case name
        case action
        case fields
        case destructiveReasons = "destructive_reasons"
    }

    /// The kind of object.
    public var kind: DefinitionKind
    /// The object's name.
    public var name: String
    /// What is done to it.
    public var action: Action
    /// The values: all of a new object, those that differ of a changed one, none of a deleted one.
    public var fields: [FieldChange]
    /// What is lost by the change, one sentence part each: `drops feature "temp"`.
    public var destructiveReasons: [String]

    /// A change.
    public init(
        kind: DefinitionKind,
        name: String,
        action: Action,
        fields: [FieldChange] = [],
        destructiveReasons: [String] = []
    ) {
        self.kind = kind
        self.name = name
        self.action = action
        self.fields = fields
        self.destructiveReasons = destructiveReasons
    }

    /// Whether the change drops what holds data or what a service uses.
    public var isDestructive: Bool { !self.destructiveReasons.isEmpty }
}

extension RegistryChange: CustomStringConvertible {
    /// A line such as `  ~ feature view weather`, then a line for each value and each loss.
    public var description: String {
        let sign =
            switch self.action {
            case .created: "+"
            case .changed: "~"
            case .deleted: "-"
            }
        var lines = ["  \(sign) \(self.kind.title) \(self.name)"]
        for field in self.fields {
            switch (field.old, field.new) {
            case (nil, let new?):
                let sign = self.action == .created ? " " : "+"
                lines.append("    \(sign) \(field.path): \(new)")
            case (let old?, nil):
                lines.append("    - \(field.path): \(old)")
            case (let old, let new):
                lines.append("      \(field.path): \(old ?? "") → \(new ?? "")")
            }
        }
        lines += self.destructiveReasons.map { "    ! \($0)" }
        return lines.joined(separator: "\n")
    }
}
