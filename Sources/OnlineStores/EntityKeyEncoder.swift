package import FeatureModel
import NativeStorage

// A key of the store:
//
//   +----------+-----------------------------------------+--------------+
//   | keyspace | entity: one component per join key,      | view id      |
//   | u8       | in the order of the keys' names         | u32, big end |
//   +----------+-----------------------------------------+--------------+
//
//   keyspace   0x00 metadata (see Catalogue), 0x01 rows
//   integer    int32, int64, unix_timestamp: 8 bytes, big end first, the sign bit flipped;
//              an int32 and an int64 of the same value are the same bytes
//   text       string, bytes: every 0x00 as 0x00 0xFF, then 0x00 0x00 as the end
//   view id    one number per generation of a view; last, so that all views of one entity are
//              neighbours
//
// Keys of the same join keys compare, byte by byte, as their values do in the order of the keys'
// names. A view without entities has one row, whose entity is no bytes.

/// What the first byte of a key says.
enum Keyspace {
    static let metadata: UInt8 = 0x00
    static let rows: UInt8 = 0x01
}

/// Makes the keys of one view's rows from the values of its join keys.
///
/// Made once per view and used for every row: it appends to the caller's buffer and allocates
/// nothing. Between ``begin(into:)`` and ``finish(into:)`` comes one `append` for each of
/// ``joinKeys``, in that order and of that type.
///
/// ```swift
/// let encoder = try EntityKeyEncoder(joinKeys: keys, viewID: view.viewID)
/// let columns = encoder.order.map { columnsOfTheCaller[$0] }
/// encoder.begin(into: &bytes)
/// for column in columns { encoder.append(integer: column[row], into: &bytes) }
/// encoder.finish(into: &bytes)
/// ```
package struct EntityKeyEncoder: Sendable {
    /// The join keys in the order of the components: by name, ascending, as Feast orders them.
    package let joinKeys: [Entity.JoinKey]
    /// For each component, the index of its join key in the list that the encoder was made from.
    package let order: [Int]
    /// The view's generation.
    package let viewID: UInt32
    /// The bytes of a key whose entity is one integer.
    private static let integerKeyLength = 13

    /// - Parameters:
    ///   - joinKeys: The names and types in any order; none for a view without entities.
    ///   - viewID: The view's generation.
    /// - Throws: ``OnlineStoreError`` when a name is there twice, or a type cannot be a key.
    package init(joinKeys: [Entity.JoinKey], viewID: UInt32) throws(OnlineStoreError) {
        let order = joinKeys.indices.sorted {
            joinKeys[$0].name.utf8.lexicographicallyPrecedes(joinKeys[$1].name.utf8)
        }
        for (index, position) in order.enumerated() {
            let key = joinKeys[position]
            guard key.type.canBeJoinKey else {
                throw OnlineStoreError(
                    .invalidKey,
                    "join key \"\(key.name)\" cannot be \(key.type); a key is one of int32, int64, "
                        + "string, bytes and unix_timestamp"
                )
            }
            if index > 0, joinKeys[order[index - 1]].name == key.name {
                throw OnlineStoreError(.invalidKey, "join key \"\(key.name)\" is there twice")
            }
        }
        self.order = order
        self.joinKeys = order.map { joinKeys[$0] }
        self.viewID = viewID
    }

    /// Starts a key at the end of `bytes`.
    package func begin(into bytes: inout [UInt8]) {
        bytes.append(Keyspace.rows)
    }

    /// Appends an int32, an int64, or a unix_timestamp in microseconds.
    package func append(integer: Int64, into bytes: inout [UInt8]) {
        bytes.append(bigEndian: UInt64(bitPattern: integer) ^ (1 << 63))
    }

    /// Appends a string as UTF-8, or bytes.
    package func append(bytes text: Span<UInt8>, into bytes: inout [UInt8]) {
        var zeros = 0
        for index in text.indices {
            zeros &+= text[index] == 0 ? 1 : 0
        }
        if zeros == 0 {
            NativeStorage.append(text, to: &bytes)
        } else {
            for index in text.indices {
                let byte = text[index]
                bytes.append(byte)
                if byte == 0 {
                    bytes.append(0xFF)
                }
            }
        }
        bytes.append(0)
        bytes.append(0)
    }

    /// Completes the key.
    package func finish(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: self.viewID)
    }

    /// Appends the whole keys of many entities of one join key, which is an integer.
    ///
    /// - Parameters:
    ///   - integers: The ids, `[n]`.
    ///   - keys: Gets n keys at its end: those that begin, append and finish make.
    /// - Precondition: There is one join key, an int32, an int64 or a unix_timestamp.
    package func appendKeys(integers: Span<Int64>, to keys: inout KeyBatch) {
        precondition(self.joinKeys.count == 1, "one join key")
        let length = Self.integerKeyLength
        var position = keys.bytes.count
        keys.bytes.append(contentsOf: repeatElement(0, count: integers.count * length))
        var span = keys.bytes.mutableSpan
        var bytes = unsafe span.mutableBytes
        for index in integers.indices {
            let id = UInt64(bitPattern: integers[index]) ^ (1 << 63)
            bytes.storeBytes(of: Keyspace.rows, toByteOffset: position, as: UInt8.self)
            bytes.storeBytes(of: id.bigEndian, toByteOffset: position &+ 1, as: UInt64.self)
            bytes.storeBytes(
                of: self.viewID.bigEndian,
                toByteOffset: position &+ 9,
                as: UInt32.self
            )
            position &+= length
        }
        keys.endKeys(count: integers.count, length: length)
    }

    /// Appends a whole key made of single values.
    ///
    /// - Parameters:
    ///   - values: One per join key, in the order of the list that the encoder was made from.
    ///   - bytes: Gets the key at its end.
    /// - Throws: ``OnlineStoreError`` when a value is null or not of its key's type; `bytes` is
    ///   unchanged then.
    package func append(
        values: [Value],
        into bytes: inout [UInt8]
    ) throws(OnlineStoreError) {
        guard values.count == self.joinKeys.count else {
            throw OnlineStoreError(
                .invalidKey,
                "\(values.count) values for \(self.joinKeys.count) join keys"
            )
        }
        let start = bytes.count
        self.begin(into: &bytes)
        for (key, position) in zip(self.joinKeys, self.order) {
            switch (key.type, values[position]) {
            case (.int32, .integer(let value)) where Int32(exactly: value) != nil:
                self.append(integer: value, into: &bytes)
            case (.int64, .integer(let value)):
                self.append(integer: value, into: &bytes)
            case (.unixTimestamp, .timestamp(let value)):
                self.append(integer: value.microseconds, into: &bytes)
            case (.string, .string(let value)):
                self.append(bytes: Array(value.utf8).span, into: &bytes)
            case (.bytes, .bytes(let value)):
                self.append(bytes: value.span, into: &bytes)
            default:
                bytes.removeSubrange(start...)
                throw OnlineStoreError(
                    .invalidKey,
                    "the value of join key \"\(key.name)\" is not \(key.type)"
                )
            }
        }
        self.finish(into: &bytes)
    }
}
