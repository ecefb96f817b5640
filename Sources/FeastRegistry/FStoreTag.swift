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
    /// A source's type: `csv` or `sqlite`.
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
