package import FeatureModel
import FoundationEssentials
import Synchronization

/// One generation of a view in the store: a value that never changes under its holder.
///
/// While a copy of it exists, the rows of its generation stay, even when another generation has
/// taken its place: whoever holds it can finish reading.
package struct StoredView: Codable, Sendable {
    package let name: String
    /// The last part of the generation's keys.
    package let viewID: UInt32
    package let identity: String
    package let joinKeys: [Entity.JoinKey]
    /// Every schema that a row may have, ids ascending; the last is not always the one in use.
    package internal(set) var schemas: [RowSchema]
    /// The last load; `nil` when rows were only pushed.
    package internal(set) var loadRecord: LoadRecord?
    /// Lives as long as any copy of the generation.
    private(set) var lease = GenerationLease()

    private enum CodingKeys: String, CodingKey {
        case name
        case viewID
        case identity
        case joinKeys
        case schemas
        case loadRecord
    }

    /// A generation without rows.
    init(_ description: OnlineViewDescription, viewID: UInt32) {
        self.name = description.name
        self.viewID = viewID
        self.identity = description.identity
        self.joinKeys = description.joinKeys
        self.schemas = []
        self.loadRecord = nil
    }

    /// The schema of that id, or `nil`: then the view was loaded with a new schema after this copy
    /// was taken, and ``RocksDBOnlineStore/view(named:)`` knows it.
    package func schema(id: UInt16) -> RowSchema? {
        self.schemas.first { $0.id == id }
    }

    /// Whether rows of this generation may be served for a view of that description.
    package func isCompatible(with description: OnlineViewDescription) -> Bool {
        guard self.name == description.name, self.identity == description.identity,
            Set(self.joinKeys) == Set(description.joinKeys)
        else { return false }
        return self.schemas.allSatisfy { schema in
            schema.fields.allSatisfy { stored in
                description.fields.allSatisfy {
                    $0.name != stored.name || $0.type == stored.type
                }
            }
        }
    }

    /// The view as JSON; made once for each state of it.
    func encoded(with encoder: JSONEncoder) throws -> [UInt8] {
        if let last = self.lease.lastText.withLock({ $0 }), last.schemas == self.schemas,
            last.loadRecord == self.loadRecord
        {
            return last.text
        }
        let text = Array(try encoder.encode(self))
        self.lease.lastText.withLock {
            $0 = GenerationLease.Text(
                schemas: self.schemas,
                loadRecord: self.loadRecord,
                text: text
            )
        }
        return text
    }

    /// Makes sure that there is a schema of those fields.
    ///
    /// - Returns: The schema, or `nil` when all ids are taken.
    mutating func addSchema(fields: [RowField]) -> RowSchema? {
        if let same = self.schemas.first(where: { $0.fields == fields }) {
            return same
        }
        let last = self.schemas.last?.id ?? 0
        guard last < .max else { return nil }
        let schema = RowSchema(id: last + 1, fields: fields)
        self.schemas.append(schema)
        return schema
    }

    /// Makes sure that there is this schema.
    ///
    /// - Returns: Whether it is there; not when its id has other fields.
    mutating func addSchema(_ schema: RowSchema) -> Bool {
        if let same = self.schemas.first(where: { $0.id == schema.id }) {
            return same == schema
        }
        self.schemas.append(schema)
        self.schemas.sort { $0.id < $1.id }
        return true
    }
}

/// Tells by its life whether anyone still reads a generation.
final class GenerationLease: Sendable {
    /// A state of the generation, by the parts of it that change, as JSON.
    struct Text: Sendable {
        let schemas: [RowSchema]
        let loadRecord: LoadRecord?
        let text: [UInt8]
    }

    /// What was encoded last.
    let lastText: Mutex<Text?> = Mutex(nil)
}
