import Glibc
import NativeStorage

/// The keys of some rows, end to end; drawn in EntityKeyEncoder.swift.
@safe
final class LoadKeys: RecordKeys {
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    /// Where the key of each row ends.
    private let ends: [Int]
    private let rows: LoadRows

    /// Makes the keys column by column: first how long each is, then its bytes.
    ///
    /// - Throws: ``OnlineStoreError`` for a key of more than 4 GiB.
    init(_ rows: LoadRows, viewID: UInt32) throws(OnlineStoreError) {
        self.rows = rows
        var lengths = Array(repeating: 5, count: rows.count)
        for column in rows.keys {
            addLengths(of: column, to: &lengths)
        }
        var starts = lengths
        var total = 0
        for row in lengths.indices {
            guard UInt32(exactly: lengths[row]) != nil else {
                throw OnlineStoreError(.invalidKey, "a key has more than 4 GiB")
            }
            starts[row] = total
            total += lengths[row]
            lengths[row] = total
        }
        self.ends = lengths
        unsafe self.bytes = .allocate(capacity: max(total, 1))
        guard let base = unsafe UnsafeMutableRawPointer(self.bytes.baseAddress) else { return }
        // Every key moves its start on to where the next column goes.
        for row in starts.indices {
            unsafe base.storeBytes(of: Keyspace.rows, toByteOffset: starts[row], as: UInt8.self)
            starts[row] += 1
        }
        for column in rows.keys {
            unsafe appendBytes(of: column, to: base, at: &starts)
        }
        for row in starts.indices {
            unsafe base.storeBytes(of: viewID.bigEndian, toByteOffset: starts[row], as: UInt32.self)
        }
    }

    deinit {
        unsafe self.bytes.deallocate()
    }

    /// References to the keys, whose locations are the numbers of their rows.
    var references: [RecordReference] {
        self.ends.indices.map { row in
            RecordReference(
                word: unsafe keyWord(self.key(at: UInt64(row)), depth: 0),
                location: UInt64(row)
            )
        }
    }

    /// The length of a row's key.
    func length(of row: Int) -> Int {
        self.ends[row] - (row == 0 ? 0 : self.ends[row - 1])
    }

    /// The key of a row, which lives as long as the keys do.
    func key(at location: UInt64) -> UnsafeBufferPointer<UInt8> {
        let row = Int(location)
        let start = row == 0 ? 0 : self.ends[row - 1]
        return unsafe UnsafeBufferPointer(rebasing: self.bytes[start..<self.ends[row]])
    }

    func age(at location: UInt64) -> RowAge { self.rows.age(of: Int(location)) }
}

/// Adds to each row's length what a column takes of its key.
private func addLengths(of column: LoadColumn, to lengths: inout [Int]) {
    switch column.values {
    case .integers:
        for row in lengths.indices {
            lengths[row] += 8
        }
    case .bytes(let bytes, let ends):
        var start = 0
        for row in lengths.indices {
            var zeros = 0
            for index in start..<ends[row] {
                zeros += bytes[index] == 0 ? 1 : 0
            }
            lengths[row] += ends[row] - start + zeros + 2
            start = ends[row]
        }
    case .floats:
        preconditionFailure("a join key is no float")
    }
}

/// Writes a column's components of the keys, and moves the places behind them.
private func appendBytes(
    of column: LoadColumn,
    to base: UnsafeMutableRawPointer,
    at places: inout [Int]
) {
    switch column.values {
    case .integers(let values):
        for row in places.indices {
            let component = UInt64(bitPattern: values[row]) ^ (1 << 63)
            unsafe base.storeBytes(
                of: component.bigEndian,
                toByteOffset: places[row],
                as: UInt64.self
            )
            places[row] += 8
        }
    case .bytes(let bytes, let ends):
        var start = 0
        for row in places.indices {
            var target = unsafe base + places[row]
            for index in start..<ends[row] {
                let byte = bytes[index]
                unsafe target.storeBytes(of: byte, as: UInt8.self)
                unsafe target += 1
                if byte == 0 {
                    unsafe target.storeBytes(of: 0xFF, as: UInt8.self)
                    unsafe target += 1
                }
            }
            unsafe target.storeBytes(of: 0, as: UInt16.self)
            places[row] = unsafe base.distance(to: target) + 2
            start = ends[row]
        }
    case .floats:
        preconditionFailure("a join key is no float")
    }
}
