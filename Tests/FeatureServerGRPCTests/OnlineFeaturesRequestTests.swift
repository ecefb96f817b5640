import FeastProtos
import FeatureModel
import FeatureStoreKit
import Foundation
import Testing

@testable import FeatureServerGRPC

private typealias Message = FeastServingGetOnlineFeaturesRequest

/// A request that asks for one feature of the given values of `k`.
private func request(
    _ values: [FeastServingValue.OneOf_Val?]
) throws -> OnlineFeaturesRequest {
    try OnlineFeaturesRequest(
        .with {
            $0.features.val = ["v:f"]
            $0.entities["k"] = .with { list in
                list.val = values.map { value in .with { $0.val = value } }
            }
        }
    )
}

@Suite struct OnlineFeaturesRequestTests {
    @Test("Each kind of value is the one that the store knows")
    func readsEveryKind() throws {
        let values = try request([
            .int32Val(-7), .int64Val(.max), .doubleVal(0.5), .floatVal(0.25), .boolVal(true),
            .stringVal("é"), .bytesVal(Data([0, 255])), .unixTimestampVal(12), .nullVal(.null), nil,
            .uuidVal("u"), .jsonVal("{}"), .decimalVal("1.50"),
        ]).entities[0].values
        #expect(
            values == [
                -7, .integer(.max), 0.5, 0.25, true, "é", .bytes([0, 255]), 12, nil, nil, "u", "{}",
                "1.50",
            ]
        )
    }

    @Test("A list is the JSON text of an array, as request data is sent over HTTP")
    func readsLists() throws {
        let values = try request([
            .int32ListVal(.with { $0.val = [1, -2] }), .int64ListVal(.with { $0.val = [.min] }),
            .doubleListVal(.with { $0.val = [0.5, .nan, 1] }),
            .floatListVal(.with { $0.val = [0.1] }),
            .boolListVal(.with { $0.val = [true, false] }),
            .stringListVal(.with { $0.val = ["a\"b", ""] }),
            .bytesListVal(.with { $0.val = [Data([0, 255])] }),
            .unixTimestampListVal(.with { $0.val = [7] }), .stringListVal(.init()),
        ]).entities[0].values
        #expect(
            values == [
                "[1,-2]", "[-9223372036854775808]", #"[0.5,"NaN",1.0]"#, "[0.1]", "[true,false]",
                #"["a\"b",""]"#, #"["AP8="]"#, "[7]", "[]",
            ]
        )
    }

    @Test("The columns come by their names, the request context last")
    func ordersColumns() throws {
        let one = FeastServingRepeatedValue.with { $0.val = [.with { $0.int64Val = 1 }] }
        let request = try OnlineFeaturesRequest(
            .with {
                $0.featureService = "s"
                $0.fullFeatureNames = true
                $0.entities = ["b": one, "a": one, "c": one]
                $0.requestContext = ["z": one, "B": one]
            }
        )
        #expect(request.entities.map(\.name) == ["a", "b", "c", "B", "z"])
        #expect(request.selection == .service("s"))
        #expect(request.fullFeatureNames)
    }

    @Test("A request without features, or with a value of another kind, says what is wrong")
    func refusesWhatItCannotUse() throws {
        for message in [Message(), .with { $0.features = .init() }] {
            let error = #expect(throws: FeatureStoreError.self) {
                try OnlineFeaturesRequest(message)
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.hasPrefix("No features specified for retrieval") == true)
        }
        let error = #expect(throws: FeatureStoreError.self) {
            try request([.int64Val(1), .mapVal(.init())])
        }
        #expect(error?.code == .invalidValue)
        #expect(error?.message.hasPrefix("the value of \"k\" in row 1 is of a kind") == true)
        // A kind that Feast has and this message does not: a zoned timestamp, field 48.
        let foreign = try FeastServingValue(serializedBytes: [0x82, 0x03, 0x01, 0x61] as [UInt8])
        #expect(throws: FeatureStoreError.self) {
            try OnlineFeaturesRequest(
                .with {
                    $0.features.val = ["v:f"]
                    $0.entities["k"] = .with { $0.val = [foreign] }
                }
            )
        }
    }
}
