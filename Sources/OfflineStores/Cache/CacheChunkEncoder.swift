import FeatureCompute

/// Writes chunks, as ``CacheChunk`` reads them.
struct CacheChunkEncoder {
    private static let slotCount = 1024

    /// By the hash of a text: its number in the dictionary, or -1.
    private var slots = Array(repeating: Int16(-1), count: Self.slotCount)
    private var codes: [UInt8] = []
    /// Where the different texts lie in the column.
    private var distinct: [Range<Int>] = []
    private var whole: [Int64] = []

    /// Appends the chunk of a column, in the smallest encoding that gives back every bit.
    mutating func append(_ column: Column, to bytes: inout [UInt8]) {
        switch column.storage {
        case .integers(let values): self.append(values, nulls: column.nulls, to: &bytes)
        case .floats(let values): self.append(values, nulls: column.nulls, to: &bytes)
        case .bytes(let values): self.append(values, nulls: column.nulls, to: &bytes)
        }
        while bytes.count % 8 != 0 { bytes.append(0) }
    }

    // MARK: Numbers

    private func append(_ values: [Int64], nulls: Bitmap?, to bytes: inout [UInt8]) {
        let (base, range) = Self.range(of: values, nulls: nulls)
        var isSeconds = range > 0
        if isSeconds {
            for row in values.indices where !(nulls?[row] ?? false) {
                if UInt64(bitPattern: values[row] &- base) % UInt64(cacheSecond) != 0 {
                    isSeconds = false
                    break
                }
            }
        }
        let scale = isSeconds ? UInt64(cacheSecond) : 1
        let width = Self.width(range / scale)
        Self.appendHeader(
            .integers,
            width: width,
            exponent: isSeconds ? cacheSecondExponent : 0,
            base: base,
            nulls: nulls,
            to: &bytes
        )
        Self.append(count: values.count, width: width, to: &bytes) { row in
            if nulls?[row] ?? false { return 0 }
            let offset = UInt64(bitPattern: values[row] &- base)
            return isSeconds ? offset / UInt64(cacheSecond) : offset
        }
    }

    private mutating func append(_ values: [Double], nulls: Bitmap?, to bytes: inout [UInt8]) {
        if let exponent = self.readDecimals(values, nulls: nulls) {
            let (base, range) = Self.range(of: self.whole, nulls: nulls)
            let width = Self.width(range)
            if width < 8 {
                Self.appendHeader(
                    .decimals,
                    width: width,
                    exponent: exponent,
                    base: base,
                    nulls: nulls,
                    to: &bytes
                )
                let whole = self.whole
                Self.append(count: values.count, width: width, to: &bytes) { row in
                    nulls?[row] ?? false ? 0 : UInt64(bitPattern: whole[row] &- base)
                }
                return
            }
        }
        let areSingles = values.allSatisfy { Double(Float($0)).bitPattern == $0.bitPattern }
        Self.appendHeader(
            areSingles ? .singles : .floats,
            width: areSingles ? 4 : 8,
            nulls: nulls,
            to: &bytes
        )
        if areSingles {
            Self.append(count: values.count, width: 4, to: &bytes) { row in
                UInt64(Float(values[row]).bitPattern)
            }
        } else {
            Self.append(count: values.count, width: 8, to: &bytes) { values[$0].bitPattern }
        }
    }

    /// Finds the whole numbers which, divided by a power of ten, are the values to the last bit.
    ///
    /// A decimal fraction of few digits is the nearest double to the quotient of two whole numbers
    /// that doubles hold exactly, and so is what dividing them gives: as in ALP (Afroozeh and
    /// others, 2023).
    ///
    /// - Returns: The exponent of the power; `nil` when there is none.
    private mutating func readDecimals(_ values: [Double], nulls: Bitmap?) -> Int? {
        var exponent = 0
        for row in values.indices where !(nulls?[row] ?? false) {
            while Self.whole(values[row], cachePowersOfTen[exponent]) == nil {
                exponent += 1
                if exponent == cachePowersOfTen.count { return nil }
            }
        }
        let power = cachePowersOfTen[exponent]
        self.whole.removeAll(keepingCapacity: true)
        for row in values.indices {
            if nulls?[row] ?? false {
                self.whole.append(0)
                continue
            }
            guard let number = Self.whole(values[row], power) else { return nil }
            self.whole.append(number)
        }
        return exponent
    }

    private static func whole(_ value: Double, _ power: Double) -> Int64? {
        let scaled = value * power
        // Not so for a NaN either.
        guard abs(scaled) < 4e15 else { return nil }
        let number = Int64(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
        return (Double(number) / power).bitPattern == value.bitPattern ? number : nil
    }

    /// The least value that is not null, and how far the greatest is from it.
    private static func range(of values: [Int64], nulls: Bitmap?) -> (least: Int64, range: UInt64) {
        var least = Int64.max
        var greatest = Int64.min
        for row in values.indices where !(nulls?[row] ?? false) {
            least = min(least, values[row])
            greatest = max(greatest, values[row])
        }
        guard least <= greatest else { return (0, 0) }
        return (least, UInt64(bitPattern: greatest &- least))
    }

    private static func width(_ greatest: UInt64) -> Int {
        if greatest == 0 { return 0 }
        if greatest <= UInt64(UInt8.max) { return 1 }
        if greatest <= UInt64(UInt16.max) { return 2 }
        return greatest <= UInt64(UInt32.max) ? 4 : 8
    }

    // MARK: Texts

    private mutating func append(
        _ values: Column.ByteStorage,
        nulls: Bitmap?,
        to bytes: inout [UInt8]
    ) {
        guard self.readDictionary(values) else {
            let width = values.bytes.count <= Int(UInt16.max) ? 2 : 4
            Self.appendHeader(.texts, width: width, nulls: nulls, to: &bytes)
            Self.append(count: values.ends.count, width: width, to: &bytes) { row in
                UInt64(values.ends[row])
            }
            bytes.append(contentsOf: values.bytes)
            return
        }
        let total = self.distinct.reduce(0) { $0 + $1.count }
        let width = total <= Int(UInt16.max) ? 2 : 4
        Self.appendHeader(
            .dictionary,
            width: width,
            distinct: self.distinct.count,
            nulls: nulls,
            to: &bytes
        )
        var end = 0
        for range in self.distinct {
            end += range.count
            for shift in 0..<width { bytes.append(UInt8(truncatingIfNeeded: end >> (shift * 8))) }
        }
        bytes.append(contentsOf: self.codes)
        for range in self.distinct { bytes.append(span: values.bytes.span.extracting(range)) }
    }

    /// Numbers the different texts.
    ///
    /// - Returns: Whether there are few enough for a dictionary, and fewer than rows.
    private mutating func readDictionary(_ values: Column.ByteStorage) -> Bool {
        let limit = min(CacheChunk.maximumDistinct, values.ends.count - 1)
        self.distinct.removeAll(keepingCapacity: true)
        self.codes.removeAll(keepingCapacity: true)
        for slot in self.slots.indices { self.slots[slot] = -1 }
        for row in values.ends.indices {
            let range = values.range(at: row)
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for position in range {
                hash = (hash ^ UInt64(values.bytes[position])) &* 0x100_0000_01B3
            }
            var slot = Int(truncatingIfNeeded: hash ^ hash >> 29) & (Self.slotCount - 1)
            while self.slots[slot] >= 0 {
                let known = self.distinct[Int(self.slots[slot])]
                if known.count == range.count,
                    values.bytes[known].elementsEqual(values.bytes[range])
                {
                    break
                }
                slot = (slot + 1) & (Self.slotCount - 1)
            }
            if self.slots[slot] < 0 {
                guard self.distinct.count < limit else { return false }
                self.slots[slot] = Int16(self.distinct.count)
                self.distinct.append(range)
            }
            self.codes.append(UInt8(truncatingIfNeeded: self.slots[slot]))
        }
        return true
    }

    // MARK: Bytes

    private static func appendHeader(
        _ encoding: CacheEncoding,
        width: Int,
        exponent: Int = 0,
        distinct: Int = 0,
        base: Int64 = 0,
        nulls: Bitmap?,
        to bytes: inout [UInt8]
    ) {
        bytes.append(encoding.rawValue)
        bytes.append(UInt8(width))
        bytes.append(nulls == nil ? 0 : 1)
        bytes.append(UInt8(exponent))
        for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: distinct >> (shift * 8))) }
        bytes.append(word: UInt64(bitPattern: base))
        guard let nulls else { return }
        var byte: UInt8 = 0
        for row in 0..<nulls.count {
            if nulls[row] { byte |= 1 << UInt8(row & 7) }
            if row & 7 == 7 || row == nulls.count - 1 {
                bytes.append(byte)
                byte = 0
            }
        }
    }

    @inline(__always)
    private static func append(
        count: Int,
        width: Int,
        to bytes: inout [UInt8],
        _ number: (Int) -> UInt64
    ) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: count * width))
        unsafe bytes.withUnsafeMutableBytes { bytes in
            switch width {
            case 0: break
            case 1:
                for row in 0..<count {
                    unsafe bytes[start + row] = UInt8(truncatingIfNeeded: number(row))
                }
            case 2:
                for row in 0..<count {
                    let value = UInt16(truncatingIfNeeded: number(row)).littleEndian
                    let place = start + row * 2
                    unsafe bytes.storeBytes(of: value, toByteOffset: place, as: UInt16.self)
                }
            case 4:
                for row in 0..<count {
                    let value = UInt32(truncatingIfNeeded: number(row)).littleEndian
                    let place = start + row * 4
                    unsafe bytes.storeBytes(of: value, toByteOffset: place, as: UInt32.self)
                }
            default:
                for row in 0..<count {
                    let value = number(row).littleEndian
                    let place = start + row * 8
                    unsafe bytes.storeBytes(of: value, toByteOffset: place, as: UInt64.self)
                }
            }
        }
    }
}
