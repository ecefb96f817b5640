import Glibc

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
        var result = ByteStorage()
        var starts: [Int] = []
        var end = 0
        result.ends.reserveCapacity(indices.count)
        starts.reserveCapacity(indices.count)
        // Two passes, so that the processor has several values on their way from memory at a time.
        for index in indices {
            let range = index < 0 ? 0..<0 : values.range(at: Int(index))
            starts.append(range.lowerBound)
            end += range.count
            result.ends.append(end)
        }
        let ends = result.ends
        let size = end
        result.bytes = unsafe values.bytes.withUnsafeBytes { source in
            unsafe [UInt8](unsafeUninitializedCapacity: size) { target, initialized in
                initialized = size
                guard size > 0, let to = UnsafeMutableRawPointer(target.baseAddress),
                    let from = source.baseAddress
                else { return }
                // Up to here sixteen bytes at once stay within both.
                let lastSource = source.count - 16
                let lastTarget = size - 16
                var place = 0
                for row in ends.indices {
                    let (start, count) = (starts[row], ends[row] - place)
                    if count <= 16, start <= lastSource, place <= lastTarget {
                        // What is too much is written over by the next values.
                        unsafe (to + place).storeBytes(
                            of: (from + start).loadUnaligned(as: SIMD16<UInt8>.self),
                            as: SIMD16<UInt8>.self
                        )
                    } else {
                        unsafe memcpy(to + place, from + start, count)
                    }
                    place = ends[row]
                }
            }
        }
        return result
    }
}
