package import FeatureModel

/// A value type without its payload: what a loop over cells switches on.
package enum CellKind: UInt8, Sendable {
    case int32
    case int64
    case bool
    case unixTimestamp
    case float32
    case float64
    case string
    case bytes
    case array
    case map
    case json
    case uuid
    case decimal

    /// The kind of a type; the element type of an array is left out.
    package init(_ type: ValueType) {
        switch type {
        case .int32: self = .int32
        case .int64: self = .int64
        case .bool: self = .bool
        case .unixTimestamp: self = .unixTimestamp
        case .float32: self = .float32
        case .float64: self = .float64
        case .string: self = .string
        case .bytes: self = .bytes
        case .array: self = .array
        case .map: self = .map
        case .json: self = .json
        case .uuid: self = .uuid
        case .decimal: self = .decimal
        }
    }

    /// How values of the kind lie in memory.
    package var physicalType: PhysicalType {
        switch self {
        case .int32, .int64, .bool, .unixTimestamp: .integer
        case .float32, .float64: .float
        case .string, .bytes, .array, .map, .json, .uuid, .decimal: .bytes
        }
    }
}

/// What a cell must be: the kind of its column and, for an array, of its elements.
package struct CellType: Sendable {
    /// The kind.
    package let kind: CellKind
    /// The kind of an array's elements; the kind itself for anything else.
    package let element: CellKind

    package init(_ type: ValueType) {
        self.kind = CellKind(type)
        if case .array(let element) = type {
            self.element = CellKind(element)
        } else {
            self.element = self.kind
        }
    }
}
