package import FeatureModel

extension EntityKeyEncoder {
    /// The values that a key was made from; drawn in EntityKeyEncoder.swift.
    ///
    /// - Returns: One value per join key, in the order of the list that the encoder was made from.
    /// - Throws: ``OnlineStoreError`` for every run of bytes that is no key of this view: a wrong
    ///   keyspace or view id, a component cut short, an int32 out of range, a string that is not
    ///   UTF-8, or bytes left over.
    package func decode(_ key: Span<UInt8>) throws(OnlineStoreError) -> [Value] {
        let end = key.count - 4
        guard end >= 1, key[0] == Keyspace.rows else {
            throw Self.corrupt("it is no key of a row")
        }
        guard key.bigEndian(at: end, as: UInt32.self) == self.viewID else {
            throw Self.corrupt("it belongs to another view")
        }
        var values = [Value](repeating: .null, count: self.joinKeys.count)
        var position = 1
        for (index, joinKey) in self.joinKeys.enumerated() {
            let value: Value
            switch joinKey.type {
            case .string:
                let text = try Self.text(in: key, at: &position, end: end)
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw Self.corrupt("a string in it is not UTF-8")
                }
                value = .string(string)
            case .bytes:
                value = .bytes(try Self.text(in: key, at: &position, end: end))
            default:
                let integer = try Self.integer(in: key, at: &position, end: end)
                value = try Self.value(integer, type: joinKey.type)
            }
            values[self.order[index]] = value
        }
        guard position == end else { throw Self.corrupt("bytes are left over") }
        return values
    }

    /// Reads a number, or the microseconds of a time.
    static func integer(
        in key: Span<UInt8>,
        at position: inout Int,
        end: Int
    ) throws(OnlineStoreError) -> Int64 {
        guard end - position >= 8 else { throw self.corrupt("a number in it is cut short") }
        let bits = key.bigEndian(at: position, as: UInt64.self)
        position += 8
        return Int64(bitPattern: bits ^ (1 << 63))
    }

    private static func value(
        _ integer: Int64,
        type: ValueType
    ) throws(OnlineStoreError) -> Value {
        if type == .unixTimestamp {
            return .timestamp(Timestamp(microseconds: integer))
        }
        if type == .int32, Int32(exactly: integer) == nil {
            throw self.corrupt("an int32 in it is out of range")
        }
        return .integer(integer)
    }

    /// Reads a string as UTF-8, or bytes.
    static func text(
        in key: Span<UInt8>,
        at position: inout Int,
        end: Int
    ) throws(OnlineStoreError) -> [UInt8] {
        var text: [UInt8] = []
        while position < end {
            let byte = key[position]
            position += 1
            guard byte == 0 else {
                text.append(byte)
                continue
            }
            guard position < end else { break }
            let mark = key[position]
            position += 1
            if mark == 0 {
                return text
            }
            guard mark == 0xFF else { throw self.corrupt("a zero in it is not escaped") }
            text.append(0)
        }
        throw self.corrupt("a text in it is cut short")
    }

    private static func corrupt(_ reason: String) -> OnlineStoreError {
        OnlineStoreError(.corruptKey, "a key of the online store cannot be read: \(reason)")
    }
}
