import Foundation

/// Labels on exported objects that say what Feast has no field for.
///
/// Feast shows them among an object's tags; an import takes them back.
enum FStoreTag {
    /// What all of them begin with; an object's own label of that kind cannot be exported.
    static let prefix = "fstore."

    /// An entity's name here, where it is another one.
    static let entity = "fstore.entity"
    /// The place of a join key among those of its entity, from 0.
    static let joinKey = "fstore.join_key"
    /// The name of a view's source, where a push source stands in its place.
    static let source = "fstore.source"
    /// A source's type: `csv` or `sqlite`; `push` for one that stands for the history of pushes.
    static let type = "fstore.type"
    static let table = "fstore.table"
    static let query = "fstore.query"
    static let delimiter = "fstore.delimiter"
    /// A JSON list of texts.
    static let nullValues = "fstore.null_values"
    static let timezone = "fstore.timezone"
    static let latenessMicroseconds = "fstore.lateness_microseconds"
    /// `true` where a view filters by created time.
    static let filterByCreatedTimestamp = "fstore.filter_by_created_timestamp"

    /// `true` for a source without event times, which the SDK cannot do without.
    static let isStatic = "fstore.static"
    /// A JSON list of the names of an on-demand view's sources, in their order.
    static let sources = "fstore.sources"
    /// How a feature of an on-demand view is computed: one of the two.
    static let expression = "fstore.expression"
    static let function = "fstore.function"

    /// All of them.
    private static let names: Set<String> = [
        Self.entity, Self.joinKey, Self.source, Self.type, Self.table, Self.query, Self.delimiter,
        Self.nullValues, Self.timezone, Self.latenessMicroseconds, Self.filterByCreatedTimestamp,
        Self.isStatic, Self.sources, Self.expression, Self.function,
    ]

    /// An imported object's labels without those that an export gave it.
    static func without(_ tags: [String: String]) -> [String: String] {
        tags.filter { !self.names.contains($0.key) }
    }

    /// An object's own labels that can be exported, and the names of those that cannot.
    static func own(_ tags: [String: String]) -> (kept: [String: String], refused: [String]) {
        let refused = tags.keys.filter { $0.hasPrefix(self.prefix) }.sorted()
        return (tags.filter { !$0.key.hasPrefix(self.prefix) }, refused)
    }

    /// JSON for a list of texts.
    static func text(_ values: [String]) -> String {
        guard let data = try? JSONEncoder().encode(values) else { return "[]" }
        return String(decoding: data, as: UTF8.self)
    }

    /// The texts of a JSON list.
    static func values(_ text: String) -> [String]? {
        try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }
}
