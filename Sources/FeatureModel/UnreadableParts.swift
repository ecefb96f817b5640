/// What a reader of definitions could not read, so that one mistake does not become several.
///
/// Validation says nothing about a part that is in here, and takes names that may hide in here
/// for known.
package struct UnreadableParts: Hashable, Sendable {
    private struct Part: Hashable {
        var kind: DefinitionKind
        var name: String
        var key: String
    }

    private var kinds: Set<DefinitionKind> = []
    private var parts: Set<Part> = []

    /// Nothing is unreadable.
    package init() {}

    /// There may be objects of that kind whose names are not known.
    package mutating func insert(objectsOf kind: DefinitionKind) {
        self.kinds.insert(kind)
    }

    /// A whole file could not be read: there may be objects of every kind.
    package mutating func insertEverything() {
        self.kinds.formUnion(DefinitionKind.allCases)
    }

    /// The value of one key of an object could not be read.
    package mutating func insert(_ key: String, of kind: DefinitionKind, _ name: String) {
        self.parts.insert(Part(kind: kind, name: name, key: key))
    }

    /// Whether there may be objects of that kind whose names are not known.
    package func contains(objectsOf kind: DefinitionKind) -> Bool {
        self.kinds.contains(kind)
    }

    /// Whether the value of that key of an object could not be read.
    package func contains(_ key: String, of kind: DefinitionKind, _ name: String) -> Bool {
        self.parts.contains(Part(kind: kind, name: name, key: key))
    }
}
