package import FeatureModel

/// One field of an online row.
package struct RowField: Hashable, Codable, Sendable {
    package var name: String
    package var type: ValueType

    package init(name: String, type: ValueType) {
        self.name = name
        self.type = type
    }
}

/// The fields of a row, in the order in which they lie in it.
///
/// A view that gains or loses fields gets another schema; its rows keep the one they were written
/// with, and name it by its id.
package struct RowSchema: Hashable, Codable, Sendable {
    /// Unique in one generation of a view.
    package var id: UInt16
    package var fields: [RowField]

    package init(id: UInt16, fields: [RowField]) {
        self.id = id
        self.fields = fields
    }
}
