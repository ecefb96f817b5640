extension Column {
    /// The values of some rows, in any order and any number of times.
    ///
    /// - Parameter indices: Rows of this column, or -1 for null.
    /// - Returns: A column of the same type with one value for each index.
    /// - Complexity: O(rows + bytes), with one allocation for each array of the result.
    package func gathered(_ indices: [Int32]) -> Column {
        var nulls: Bitmap?
        for (row, index) in indices.enumerated() where index < 0 || self.isNull(at: Int(index)) {
            if nulls == nil { nulls = Bitmap(repeating: false, count: indices.count) }
            nulls?[row] = true
        }
        let storage: Storage =
            switch self.storage {
            case .integers(let values): .integers(indices.map { $0 < 0 ? 0 : values[Int($0)] })
            case .floats(let values): .floats(indices.map { $0 < 0 ? 0 : values[Int($0)] })
            case .bytes(let values): .bytes(Self.gathered(values, indices))
            }
        return Column(type: self.type, storage: storage, nulls: nulls)
    }

    /// Whether two rows hold the same value, bit by bit; -1 stands for null.
    package func isSame(_ left: Int32, _ right: Int32) -> Bool {
        let leftIsNull = left < 0 || self.isNull(at: Int(left))
        let rightIsNull = right < 0 || self.isNull(at: Int(right))
        if leftIsNull || rightIsNull { return leftIsNull == rightIsNull }
        switch self.storage {
        case .integers(let values):
            return values[Int(left)] == values[Int(right)]
        case .floats(let values):
            return values[Int(left)].bitPattern == values[Int(right)].bitPattern
        case .bytes(let values):
            return values.bytes[values.range(at: Int(left))]
                .elementsEqual(values.bytes[values.range(at: Int(right))])
        }
    }

    private static func gathered(_ values: ByteStorage, _ indices: [Int32]) -> ByteStorage {
        var size = 0
        for index in indices where index >= 0 {
            size += values.range(at: Int(index)).count
        }
        var result = ByteStorage()
        result.bytes.reserveCapacity(size)
        result.ends.reserveCapacity(indices.count)
        for index in indices {
            if index >= 0 {
                result.bytes.append(
                    span: values.bytes.span.extracting(values.range(at: Int(index)))
                )
            }
            result.ends.append(result.bytes.count)
        }
        return result
    }
}
