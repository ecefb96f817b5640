import Foundation
import SwiftProtobuf

/// Which fields a message has, by their numbers.
///
/// Read from the bytes, so that no field is missed: not those that are new to this version, nor
/// those that a reader forgot.
enum WireFields {
    /// The numbers of the fields that are set, ascending, those that are not known included.
    ///
    /// A field that has its default value is not set, as in all of protobuf's third edition.
    static func numbers(of message: some Message) -> [Int] {
        guard let bytes: [UInt8] = try? message.serializedBytes() else { return [] }
        return self.numbers(in: bytes)
    }

    /// The numbers of the fields of a message's bytes, ascending; as far as the bytes are right.
    static func numbers(in bytes: [UInt8]) -> [Int] {
        var numbers: Set<Int> = []
        var rest = bytes[...]
        while let key = self.varint(&rest) {
            numbers.insert(Int(truncatingIfNeeded: key >> 3))
            let length: UInt64?
            switch key & 7 {
            case 0: length = self.varint(&rest) == nil ? nil : 0
            case 1: length = 8
            case 2: length = self.varint(&rest)
            case 5: length = 4
            default: length = nil
            }
            guard let length, length <= UInt64(rest.count) else { break }
            rest = rest.dropFirst(Int(length))
        }
        return numbers.sorted()
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst(), shift < 64 {
            value |= UInt64(byte & 0x7f) << shift
            guard byte & 0x80 != 0 else { return value }
            shift += 7
        }
        return nil
    }
}
