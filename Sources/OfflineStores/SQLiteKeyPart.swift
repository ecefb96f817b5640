import FeatureCompute
import FeatureModel
import NativeStorage

/// One column of a key, as a statement's parameter.
enum SQLiteKeyPart: Hashable {
    case integer(Int64)
    case text([UInt8])

    /// The columns of a key, by the id that it has in a dictionary.
    ///
    /// - Parameters:
    ///   - id: The id.
    ///   - keys: The dictionary.
    ///   - types: The types of the columns: whole numbers and strings.
    /// - Returns: A part for each column.
    static func parts(ofID id: Int, in keys: KeyDictionary, types: [ValueType]) -> [SQLiteKeyPart] {
        if keys.isInteger { return [.integer(keys.integer(ofID: id))] }
        var bytes = keys.bytes(ofID: id)
        return types.map { type in
            let number = Self.integer(bytes.prefix(8))
            bytes = bytes.dropFirst(8)
            guard type.physicalType == .bytes else { return .integer(number) }
            let text = Array(bytes.prefix(Int(number)))
            bytes = bytes.dropFirst(text.count)
            return .text(text)
        }
    }

    /// Eight bytes, little-endian, as ``KeyDictionary`` writes them.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int64 {
        var bits: UInt64 = 0
        for byte in bytes.reversed() {
            bits = bits << 8 | UInt64(byte)
        }
        return Int64(bitPattern: bits)
    }

    /// Gives the value to a statement.
    func bind(to statement: borrowing SQLiteStatement, at index: Int) throws(SQLiteError) {
        switch self {
        case .integer(let value): try statement.bind(value, at: index)
        case .text(let bytes): try statement.bind(text: bytes.span, at: index)
        }
    }
}
