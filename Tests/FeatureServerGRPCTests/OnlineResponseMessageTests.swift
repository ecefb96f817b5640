import FeastProtos
import FeatureModel
import Foundation
import SwiftProtobuf
import TestSupport
import Testing

@testable import FeatureCompute
@testable import FeatureServerGRPC
@testable import FeatureStoreKit

private typealias Answer = FeastServingGetOnlineFeaturesResponse

private func decoded(_ features: OnlineFeatures) throws -> Answer {
    try Answer(serializedBytes: OnlineResponseMessage.encode(features))
}

/// A column from canonical texts.
private func column(_ type: ValueType, _ texts: [String?]) -> Column {
    var builder = ColumnBuilder(type: type)
    for text in texts {
        if let text { builder.append(bytes: text.utf8) } else { builder.appendNull() }
    }
    return builder.finish()
}

private func feature(
    _ column: Column,
    statuses: [FeatureStatus]? = nil,
    times: [Timestamp]? = nil
) -> OnlineFeatures.FeatureColumn {
    OnlineFeatures.FeatureColumn(
        name: "f",
        values: column,
        statuses: statuses ?? Array(repeating: .present, count: column.count),
        eventTimestamps: times ?? Array(repeating: .epoch, count: column.count)
    )
}

/// The kinds of the values of one column, as a client gets them.
private func values(
    _ column: Column
) throws -> [FeastServingValue.OneOf_Val?] {
    let features = OnlineFeatures(entities: [], features: [feature(column)], rowCount: column.count)
    let result = try #require(try decoded(features).results.first)
    #expect(result.values.allSatisfy { $0.unknownFields.data.isEmpty })
    return result.values.map(\.val)
}

@Suite struct OnlineResponseMessageTests {
    @Test("Every type has the value that Feast has for it")
    func writesEveryType() throws {
        #expect(
            try values(Column(type: .int32, values: [-1, nil, 7]))
                == [.int32Val(-1), nil, .int32Val(7)]
        )
        #expect(
            try values(Column(type: .int64, values: [.integer(.min), .integer(.max), 0, 128]))
                == [.int64Val(.min), .int64Val(.max), .int64Val(0), .int64Val(128)]
        )
        #expect(
            try values(Column(type: .bool, values: [true, false, nil]))
                == [.boolVal(true), .boolVal(false), nil]
        )
        #expect(
            try values(Column(type: .float32, values: [0.1, nil, .float(.infinity)]))
                == [.floatVal(0.1), nil, .floatVal(.infinity)]
        )
        #expect(
            try values(Column(type: .float64, values: [0.1, -0.0, 1e300]))
                == [.doubleVal(0.1), .doubleVal(-0.0), .doubleVal(1e300)]
        )
        #expect(
            try values(
                Column(
                    type: .unixTimestamp,
                    values: [-1, 1_500_000, -1_000_000, 1_768_046_400_000_000].map {
                        .timestamp(Timestamp(microseconds: $0))
                    }
                )
            )
                == [-1, 1, -1, 1_768_046_400].map { .unixTimestampVal($0) }
        )
        let long = String(repeating: "é", count: 300)
        #expect(
            try values(Column(type: .string, values: ["", .string(long), nil]))
                == [.stringVal(""), .stringVal(long), nil]
        )
        #expect(
            try values(Column(type: .bytes, values: [.bytes([0, 255]), .bytes([])]))
                == [.bytesVal(Data([0, 255])), .bytesVal(Data())]
        )
        #expect(try values(column(.json, [#"{"z":1}"#])) == [.jsonVal(#"{"z":1}"#)])
        let uuid = "00000000-0000-0000-0000-000000000005"
        #expect(try values(column(.uuid, [uuid])) == [.uuidVal(uuid)])
        #expect(try values(column(.decimal, ["1.50"])) == [.decimalVal("1.50")])
    }

    @Test("A text that is no UTF-8 is repaired, so that the client can read the others")
    func repairsText() throws {
        var builder = ColumnBuilder(type: .string)
        builder.append(bytes: [0x61, 0xFF])
        #expect(try values(builder.finish()) == [.stringVal("a\u{FFFD}")])
    }

    @Test("An array is the list of its elements' type")
    func writesArrays() throws {
        #expect(
            try values(column(.array(.int32), ["[1,-2]", "[]", nil]))
                == [
                    .int32ListVal(.with { $0.val = [1, -2] }), .int32ListVal(.init()), nil,
                ]
        )
        #expect(
            try values(column(.array(.int64), ["[9223372036854775807,-9223372036854775808]"]))
                == [.int64ListVal(.with { $0.val = [.max, .min] })]
        )
        #expect(
            try values(column(.array(.float32), [#"[0.1,"Infinity",1]"#]))
                == [.floatListVal(.with { $0.val = [0.1, .infinity, 1] })]
        )
        #expect(
            try values(column(.array(.float64), [#"[0.1,"-Infinity"]"#]))
                == [.doubleListVal(.with { $0.val = [0.1, -.infinity] })]
        )
        #expect(
            try values(column(.array(.bool), ["[true,false]"]))
                == [.boolListVal(.with { $0.val = [true, false] })]
        )
        #expect(
            try values(column(.array(.string), [#"["a\"é",""]"#]))
                == [.stringListVal(.with { $0.val = ["a\"é", ""] })]
        )
        #expect(
            try values(column(.array(.bytes), [#"["AP8=",""]"#]))
                == [.bytesListVal(.with { $0.val = [Data([0, 255]), Data()] })]
        )
        #expect(
            try values(
                column(
                    .array(.unixTimestamp),
                    [#"["1970-01-01T00:00:01.5Z","1969-12-31T23:59:59Z"]"#]
                )
            )
                == [.unixTimestampListVal(.with { $0.val = [1, -1] })]
        )
    }

    @Test("A map is a map of values, however deep")
    func writesMaps() throws {
        let text =
            #"{"i":7,"f":1.0,"s":"é\n","b":true,"n":null,"l":[1,"a",[]],"m":{"k":{}},"h":1e400}"#
        let kinds = try values(column(.map, [text, "{}", nil]))
        guard case .mapVal(let map) = kinds[0] else {
            Issue.record("\(String(describing: kinds[0]))")
            return
        }
        #expect(map.val["i"]?.val == .int64Val(7))
        #expect(map.val["f"]?.val == .doubleVal(1))
        #expect(map.val["s"]?.val == .stringVal("é\n"))
        #expect(map.val["b"]?.val == .boolVal(true))
        #expect(map.val["n"]?.val == .nullVal(.null))
        #expect(map.val["h"]?.val == .doubleVal(.infinity))
        #expect(
            map.val["l"]?.listVal.val.map(\.val)
                == [.int64Val(1), .stringVal("a"), .listVal(.init())]
        )
        #expect(map.val["m"]?.mapVal.val["k"]?.val == .mapVal(.init()))
        #expect(kinds[1...] == [.mapVal(.init()), nil])
    }

    @Test("A stored text that is not of its type is an error, and not a wrong value")
    func refusesCorruptTexts() {
        for (type, text) in [
            (ValueType.array(.int64), "[1"), (.array(.int64), "[1.5]"), (.array(.int64), "7"),
            (.array(.bytes), #"["?"]"#), (.map, #"{"a":}"#), (.map, "{}x"), (.map, #"{"a"}"#),
        ] {
            #expect(throws: FeatureStoreError.self, "\(text)") {
                try values(column(type, [text]))
            }
        }
    }

    @Test("Names, statuses and event times stand where the JSON answer has them")
    func writesColumnsInOrder() throws {
        let times = [-1, 0, 1_768_046_400_000_001, -62_135_596_800_000_000].map {
            Timestamp(microseconds: $0)
        }
        let statuses: [FeatureStatus] = [.present, .nullValue, .notFound, .outsideMaxAge]
        let ids = try Column(type: .int64, values: [1, 2, 3, 4])
        let numbers = try Column(type: .int64, values: [5, nil, nil, nil])
        let answer = try decoded(
            OnlineFeatures(
                entities: [.init(name: "k", values: ids)],
                features: [
                    feature(numbers, statuses: statuses, times: times),
                    feature(numbers, statuses: statuses, times: times),
                ],
                rowCount: 4
            )
        )
        #expect(answer.metadata.featureNames.val == ["k", "f", "f"])
        #expect(answer.results.count == 3)
        #expect(answer.results[0].statuses == Array(repeating: .present, count: 4))
        #expect(answer.results[0].eventTimestamps == Array(repeating: .init(), count: 4))
        for result in answer.results[1...] {
            #expect(result.values.map(\.val) == [.int64Val(5), nil, nil, nil])
            #expect(result.statuses == [.present, .nullValue, .notFound, .outsideMaxAge])
            #expect(
                result.eventTimestamps.map { [$0.seconds, Int64($0.nanos)] }
                    == [
                        [-1, 999_999_000], [0, 0], [1_768_046_400, 1_000], [-62_135_596_800, 0],
                    ]
            )
        }
    }

    @Test("The bytes are those that the generated code writes for the same answer")
    func agreesWithTheGeneratedCode() throws {
        for seed in 0..<200 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let rowCount = Int.random(in: 0...5, using: &generator)
            var message = Answer()
            var columns: [OnlineFeatures.FeatureColumn] = []
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let type = [ValueType.int64, .float32, .float64, .bool, .string][
                    Int.random(in: 0..<5, using: &generator)
                ]
                let cells = (0..<rowCount).map { _ in randomCell(type, &generator) }
                let column = feature(try Column(type: type, values: cells.map(\.0)))
                columns.append(column)
                message.metadata.featureNames.val.append("f")
                message.results.append(
                    .with { result in
                        result.values = cells.map { cell in .with { $0.val = cell.1 } }
                        result.statuses = cells.map { _ in .present }
                        result.eventTimestamps = cells.map { _ in .init() }
                    }
                )
            }
            // An empty part is left out by the generated code; a reader cannot tell.
            let features = OnlineFeatures(entities: [], features: columns, rowCount: rowCount)
            let answer = try decoded(features)
            #expect(answer.results == message.results, "seed \(seed)")
            if rowCount > 0, !columns.isEmpty {
                let expected: [UInt8] = try message.serializedBytes()
                #expect(try OnlineResponseMessage.encode(features) == expected, "seed \(seed)")
            }
        }
    }

    private func randomCell(
        _ type: ValueType,
        _ generator: inout SeededGenerator
    ) -> (Value, FeastServingValue.OneOf_Val?) {
        if Int.random(in: 0..<4, using: &generator) == 0 { return (.null, nil) }
        switch type {
        case .int64:
            let number = Int64(bitPattern: generator.next() >> (generator.next() % 64))
            return (.integer(number), .int64Val(number))
        case .float32:
            let number = Float.random(in: -1e9...1e9, using: &generator)
            return (.float(Double(number)), .floatVal(number))
        case .float64:
            let number = Double.random(in: -1e9...1e9, using: &generator)
            return (.float(number), .doubleVal(number))
        case .bool:
            let bool = Bool.random(using: &generator)
            return (.bool(bool), .boolVal(bool))
        default:
            let text = String(repeating: "ü", count: Int.random(in: 0...90, using: &generator))
            return (.string(text), .stringVal(text))
        }
    }
}
