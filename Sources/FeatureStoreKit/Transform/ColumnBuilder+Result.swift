import FeatureCompute
import FeatureModel

/// How the result of an expression or function becomes a value of its feature's type.
///
/// Each returns false, and adds nothing, when the result cannot be the type:
///
/// - int32, int64, bool (0 or 1), unix_timestamp (microseconds, in the years 1 to 9999): a whole
///   number in range, or a float that is one within ±2^53.
/// - float32, float64: a number, rounded to the nearest value of the type.
/// - string: text that is valid UTF-8.
/// - bytes: a blob.
/// - array, map, json, uuid, decimal: text that reads as one; its canonical form is kept.
extension ColumnBuilder {
    mutating func append(result integer: Int64) -> Bool {
        switch self.cellType.kind {
        case .int32:
            guard Int32(exactly: integer) != nil else { return false }
        case .int64:
            break
        case .bool:
            guard integer == 0 || integer == 1 else { return false }
        case .unixTimestamp:
            let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
            guard range.contains(integer) else { return false }
        case .float32:
            self.append(float: Double(Float(integer)))
            return true
        case .float64:
            self.append(float: Double(integer))
            return true
        case .string, .bytes, .array, .map, .json, .uuid, .decimal:
            return false
        }
        self.append(integer: integer)
        return true
    }

    mutating func append(result real: Double) -> Bool {
        switch self.cellType.kind {
        case .float32:
            self.append(float: Double(Float(real)))
            return true
        case .float64:
            self.append(float: real)
            return true
        case .int32, .int64, .bool, .unixTimestamp:
            // Beyond 2^53 a float does not say which whole number was meant.
            guard abs(real) <= 9_007_199_254_740_992, let integer = Int64(exactly: real) else {
                return false
            }
            return self.append(result: integer)
        case .string, .bytes, .array, .map, .json, .uuid, .decimal:
            return false
        }
    }

    mutating func append(result text: Span<UInt8>) -> Bool {
        switch self.cellType.kind {
        case .string:
            guard JSONText.isUTF8(text) else { return false }
            self.append(bytes: text)
            return true
        case .array, .map, .json, .uuid, .decimal:
            var parser = CellParser()
            return parser.append(text, to: &self)
        case .int32, .int64, .bool, .unixTimestamp, .float32, .float64, .bytes:
            return false
        }
    }

    mutating func append(resultBlob blob: Span<UInt8>) -> Bool {
        guard self.cellType.kind == .bytes else { return false }
        self.append(bytes: blob)
        return true
    }

    /// The result of a function; null fits every type.
    mutating func append(result value: Value) -> Bool {
        switch value {
        case .null:
            self.appendNull()
            return true
        case .integer(let integer): return self.append(result: integer)
        case .float(let real): return self.append(result: real)
        case .bool(let bool): return self.append(result: bool ? Int64(1) : 0)
        case .timestamp(let time): return self.append(result: time.microseconds)
        case .string(let string):
            let utf8 = Array(string.utf8)
            return self.append(result: utf8.span)
        case .bytes(let bytes): return self.append(resultBlob: bytes.span)
        case .list: return false
        }
    }
}
