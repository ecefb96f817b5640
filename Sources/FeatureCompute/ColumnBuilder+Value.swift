package import FeatureModel

extension ColumnBuilder {
    /// Adds a boxed value.
    ///
    /// - Returns: False, and nothing is added, when the value cannot be of the column's type.
    package mutating func append(_ value: Value) -> Bool {
        switch (self.type, value) {
        case (_, .null):
            self.appendNull()
        case (.int32, .integer(let integer)):
            guard Int32(exactly: integer) != nil else { return false }
            self.append(integer: integer)
        case (.int64, .integer(let integer)):
            self.append(integer: integer)
        case (.bool, .bool(let bool)):
            self.append(integer: bool ? 1 : 0)
        case (.unixTimestamp, .timestamp(let timestamp)):
            self.append(integer: timestamp.microseconds)
        case (.float32, .float(let float)):
            let single = Float(float)
            // A number beyond the type is none of it, as in a CSV file.
            guard single.isFinite == float.isFinite else { return false }
            self.append(float: Double(single))
        case (.float64, .float(let float)):
            self.append(float: float)
        case (.float32, .integer(let integer)):
            self.append(float: Double(Float(integer)))
        case (.float64, .integer(let integer)):
            self.append(float: Double(integer))
        case (.bytes, .bytes(let bytes)):
            self.append(bytes: bytes)
        case (.string, .string(let string)):
            self.append(bytes: string.utf8)
        default:
            return false
        }
        return true
    }
}
