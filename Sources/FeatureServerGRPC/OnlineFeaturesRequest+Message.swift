package import FeastProtos
import FeatureCompute
import FeatureModel
import FeatureServer
package import FeatureStoreKit
import Foundation
import SwiftProtobuf

extension OnlineFeaturesRequest {
    /// Reads Feast's `GetOnlineFeaturesRequest`.
    ///
    /// The entities are a map, which has no order: the columns come in the order of their names,
    /// first those of the entities, then those of the request context. A `Value` that holds
    /// nothing is a null.
    ///
    /// - Throws: `invalidArgument` when no features are named; `invalidValue` for a value of a
    ///   kind that is neither an id nor request data.
    package init(
        _ message: FeastServingGetOnlineFeaturesRequest
    ) throws(FeatureStoreError) {
        let selection: FeatureSelection
        switch message.kind {
        case .featureService(let name): selection = .service(name)
        case .features(let list) where !list.val.isEmpty: selection = .features(list.val)
        case .features, nil:
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "No features specified for retrieval: give features "
                    + "[\"view:feature\"] or feature_service \"name\"."
            )
        }
        self.init(
            selection: selection,
            entities: try Self.columns(of: message.entities)
                + Self.columns(of: message.requestContext),
            fullFeatureNames: message.fullFeatureNames
        )
    }

    private static func columns(
        of map: [String: FeastServingRepeatedValue]
    ) throws(FeatureStoreError) -> [EntityColumn] {
        var columns: [EntityColumn] = []
        columns.reserveCapacity(map.count)
        for (name, list) in map.sorted(by: { $0.key < $1.key }) {
            var values: [Value] = []
            values.reserveCapacity(list.val.count)
            for value in list.val {
                guard let value = Value(value) else {
                    throw FeatureStoreError(
                        code: .invalidValue,
                        message:
                            "the value of \"\(name)\" in row \(values.count) is of a kind that "
                            + "is not understood; send a number, a text, a boolean, bytes, a "
                            + "time, a list of these, or null"
                    )
                }
                values.append(value)
            }
            columns.append(EntityColumn(name: name, values: values))
        }
        return columns
    }
}

extension Value {
    /// The value of a request; `nil` for a kind that no key and no request data has.
    fileprivate init?(_ value: FeastServingValue) {
        switch value.val {
        // What this message does not know stands among its unknown fields.
        case nil where value.unknownFields.data.isEmpty: self = .null
        case .nullVal: self = .null
        case .int32Val(let number): self = .integer(Int64(number))
        case .int64Val(let number): self = .integer(number)
        case .doubleVal(let number): self = .float(number)
        case .floatVal(let number): self = .float(Double(number))
        case .boolVal(let bool): self = .bool(bool)
        case .stringVal(let text), .jsonVal(let text), .uuidVal(let text), .decimalVal(let text):
            self = .string(text)
        case .bytesVal(let bytes): self = .bytes(Array(bytes))
        case .unixTimestampVal(let seconds): self = .integer(seconds)
        default:
            guard let array = ArrayText(value) else { return nil }
            self = .string(array.text)
        }
    }
}

/// A list of a request as the JSON text of an array.
private struct ArrayText {
    private var bytes: [UInt8] = [UInt8(ascii: "[")]

    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    /// - Returns: `nil` when the value is no list.
    init?(_ value: FeastServingValue) {
        switch value.val {
        case .stringListVal(let list):
            self.append(list.val) { $0.append(jsonString: $1) }
        case .bytesListVal(let list):
            self.append(list.val) { text, bytes in
                text.append(UInt8(ascii: "\""))
                Base64.encode(Array(bytes).span, to: &text)
                text.append(UInt8(ascii: "\""))
            }
        case .int32ListVal(let list):
            self.append(list.val) { CellFormatter.append(integer: Int64($1), to: &$0) }
        case .int64ListVal(let list), .unixTimestampListVal(let list):
            self.append(list.val) { CellFormatter.append(integer: $1, to: &$0) }
        case .doubleListVal(let list):
            self.append(list.val) {
                CellFormatter.append(jsonFloat: $1, isSingle: false, to: &$0)
            }
        case .floatListVal(let list):
            self.append(list.val) {
                CellFormatter.append(jsonFloat: Double($1), isSingle: true, to: &$0)
            }
        case .boolListVal(let list):
            self.append(list.val) { $0.append(contentsOf: ($1 ? "true" : "false").utf8) }
        default: return nil
        }
        self.bytes.append(UInt8(ascii: "]"))
    }

    private mutating func append<Element>(
        _ elements: [Element],
        _ write: (inout [UInt8], Element) -> Void
    ) {
        for (index, element) in elements.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            write(&self.bytes, element)
        }
    }
}
