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

    /// The start of a feature view's generation.
    public struct Generation: Hashable, Codable, Sendable {
        /// The generation's number.
        public var number: Int
        /// Why rows of the generation before it do not fit, one sentence part each; none when
        /// there was no view of that name.
        public var reasons: [String]

        /// The start of a generation.
        public init(number: Int, reasons: [String]) {
            self.number = number
            self.reasons = reasons
        }
    }

    private enum CodingKeys: String, CodingKey {
        case kind
        case name
        case action
        case fields
        case definitionHash = "definition_hash"
        case generation
        case notes
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
    /// The hash of the definition afterwards, see ``DefinitionHash``; `nil` when there is none.
    public var definitionHash: String?
    /// The generation that a feature view starts; `nil` when it starts none, and for the first one
    /// of a name.
    public var generation: Generation?
    /// What to know of the change, though nothing is lost: `starts generation 2: …`.
    public var notes: [String]
    /// What is lost by the change, one sentence part each: `drops feature "temp"`.
    public var destructiveReasons: [String]

    /// A change.
    public init(
        kind: DefinitionKind,
        name: String,
        action: Action,
        fields: [FieldChange] = [],
        definitionHash: String? = nil,
        generation: Generation? = nil,
        notes: [String] = [],
        destructiveReasons: [String] = []
    ) {
        self.kind = kind
        self.name = name
        self.action = action
        self.fields = fields
        self.definitionHash = definitionHash
        self.generation = generation
        self.notes = notes
        self.destructiveReasons = destructiveReasons
    }

    /// Whether the change drops what holds data or what a service uses.
    public var isDestructive: Bool { !self.destructiveReasons.isEmpty }
}

extension RegistryChange {
    /// Reads a change; earlier versions wrote neither generations nor notes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            kind: try container.decode(DefinitionKind.self, forKey: .kind),
            name: try container.decode(String.self, forKey: .name),
            action: try container.decode(Action.self, forKey: .action),
            fields: try container.decode([FieldChange].self, forKey: .fields),
            definitionHash: try container.decodeIfPresent(String.self, forKey: .definitionHash),
            generation: try container.decodeIfPresent(Generation.self, forKey: .generation),
            notes: try container.decodeIfPresent([String].self, forKey: .notes) ?? [],
            destructiveReasons: try container.decode([String].self, forKey: .destructiveReasons)
        )
    }

    /// Writes a change; no notes are not written.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.kind, forKey: .kind)
        try container.encode(self.name, forKey: .name)
        try container.encode(self.action, forKey: .action)
        try container.encode(self.fields, forKey: .fields)
        try container.encodeIfPresent(self.definitionHash, forKey: .definitionHash)
        try container.encodeIfPresent(self.generation, forKey: .generation)
        if !self.notes.isEmpty {
            try container.encode(self.notes, forKey: .notes)
        }
        try container.encode(self.destructiveReasons, forKey: .destructiveReasons)
    }
}

extension RegistryChange: CustomStringConvertible {
    /// A line such as `  ~ feature view weather`, then a line for each value, each note and each
    /// loss.
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
        lines += (self.notes + self.destructiveReasons).map { "    ! \($0)" }
        return lines.joined(separator: "\n")
    }
}
