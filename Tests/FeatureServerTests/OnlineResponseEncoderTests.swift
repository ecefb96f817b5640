import FeatureModel
import FeatureServer
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@testable import FeatureCompute

private func json(_ features: OnlineFeatures) -> String {
    String(decoding: OnlineResponseEncoder.encode(features), as: UTF8.self)
}

/// The JSON of the values of one column.
private func values(_ column: Column) -> String {
    let body = json(answer(entities: [], features: [feature("f", column)]))
    let end = body.range(of: #","statuses""#)?.lowerBound ?? body.startIndex
    return String(body[..<end].dropFirst(#"{"results":[{"values":"#.count))
}

private func time(_ text: String) -> Timestamp { Timestamp(text) ?? .latest }

/// The answer to `{"features":["drv:b_f32","drv:a_i64","drv:c_str"],"entities":{"driver_id":[…]}}`
/// that Feast's server gave, with our statuses of nulls and our order of features.
func capturedFeatures() -> OnlineFeatures {
    let statuses: [FeatureStatus] = [.present, .present, .present, .notFound]
    let times = [
        time("2026-01-10T12:00:00Z"), time("2026-01-10T13:00:00Z"), time("2026-01-10T14:00:00Z"),
        .epoch,
    ]
    return answer(
        entities: [("driver_id", answerColumn(.int64, [1, 2, 3, 99]))],
        features: [
            feature(
                "b_f32",
                answerColumn(.float32, [0.1, nil, 3.5, nil]),
                statuses: [.present, .nullValue, .present, .notFound],
                times: times
            ),
            feature(
                "a_i64",
                answerColumn(.int64, [.integer(9_007_199_254_740_992), 2, nil, nil]),
                statuses: [.present, .present, .nullValue, .outsideMaxAge],
                times: times
            ),
            feature(
                "c_str",
                answerColumn(.string, ["x", "é\"q", nil, nil]),
                statuses: statuses,
                times: times
            ),
        ]
    )
}

let capturedBody =
    #"{"results":[{"values":[1,2,3,99],"statuses":["PRESENT","PRESENT","PRESENT","PRESENT"],"#
    + #""event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z","#
    + #""1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},"#
    + #"{"values":[0.10000000149011612,null,3.5,null],"#
    + #""statuses":["PRESENT","NULL_VALUE","PRESENT","NOT_FOUND"],"event_timestamps":["#
    + #""2026-01-10T12:00:00Z","2026-01-10T13:00:00Z","2026-01-10T14:00:00Z","#
    + #""1970-01-01T00:00:00Z"]},{"values":[9007199254740992,2,null,null],"#
    + #""statuses":["PRESENT","PRESENT","NULL_VALUE","OUTSIDE_MAX_AGE"],"event_timestamps":["#
    + #""2026-01-10T12:00:00Z","2026-01-10T13:00:00Z","2026-01-10T14:00:00Z","#
    + #""1970-01-01T00:00:00Z"]},{"values":["x","é\"q",null,null],"#
    + #""statuses":["PRESENT","PRESENT","PRESENT","NOT_FOUND"],"event_timestamps":["#
    + #""2026-01-10T12:00:00Z","2026-01-10T13:00:00Z","2026-01-10T14:00:00Z","#
    + #""1970-01-01T00:00:00Z"]}],"#
    + #""metadata":{"feature_names":["driver_id","b_f32","a_i64","c_str"]}}"#

@Suite struct OnlineResponseEncoderTests {
    @Test func writesFeastsBody() {
        #expect(json(capturedFeatures()) == capturedBody)
    }

    @Test func writesNothingForNoColumns() {
        #expect(
            json(answer(entities: [], features: []))
                == #"{"results":[],"metadata":{"feature_names":[]}}"#
        )
    }

    @Test func keepsNothingOfTheAnswerBefore() {
        var encoder = OnlineResponseEncoder()
        encoder.encode(capturedFeatures())
        encoder.encode(answer(entities: [("k", answerColumn(.int64, [7]))], features: []))
        encoder.encode(capturedFeatures())
        #expect(String(decoding: encoder.output, as: UTF8.self) == capturedBody)
    }

    @Test func writesEveryType() {
        #expect(values(answerColumn(.int32, [-1, nil])) == "[-1,null]")
        #expect(
            values(answerColumn(.int64, [.integer(.min), .integer(.max)]))
                == "[-9223372036854775808,9223372036854775807]"
        )
        #expect(
            values(answerColumn(.float64, [0.1, 1.0, 1e16, -0.0, 1e-7, 1e300, 123.456]))
                == "[0.1,1.0,1e+16,-0.0,1e-07,1e+300,123.456]"
        )
        #expect(
            values(answerColumn(.float64, [.float(.nan), .float(.infinity), .float(-.infinity)]))
                == #"["NaN","Infinity","-Infinity"]"#
        )
        #expect(values(answerColumn(.float32, [0.1, 1.0])) == "[0.10000000149011612,1.0]")
        #expect(values(answerColumn(.bool, [true, false, nil])) == "[true,false,null]")
        #expect(
            values(answerColumn(.string, ["", "hé\u{1F600}", "a\"\\/\n\u{1}\u{7F}"]))
                == "[\"\",\"hé\u{1F600}\",\"a\\\"\\\\/\\n\\u0001\u{7F}\"]"
        )
        #expect(
            values(answerColumn(.bytes, [.bytes([0, 255]), .bytes([]), .bytes([1, 2, 3])]))
                == #"["AP8=","","AQID"]"#
        )
        #expect(
            values(
                answerColumn(
                    .unixTimestamp,
                    [
                        .timestamp(time("2026-01-10T12:00:00.999999Z")),
                        .timestamp(Timestamp(microseconds: -1)),
                    ]
                )
            ) == "[1768046400,-1]"
        )
        #expect(
            values(canonicalColumn(.json, [#"{"z": [1,2]}"#, nil])) == #"["{\"z\": [1,2]}",null]"#
        )
        #expect(values(canonicalColumn(.map, [#"{"q":7,"p":"x"}"#])) == #"[{"q":7,"p":"x"}]"#)
        #expect(values(canonicalColumn(.decimal, ["1.50"])) == #"["1.50"]"#)
        #expect(
            values(canonicalColumn(.uuid, ["00000000-0000-0000-0000-000000000005"]))
                == #"["00000000-0000-0000-0000-000000000005"]"#
        )
    }

    @Test func writesArrays() {
        #expect(values(canonicalColumn(.array(.int64), ["[1,2]", "[]", nil])) == "[[1,2],[],null]")
        #expect(
            values(canonicalColumn(.array(.string), [#"["a,b","]\""]"#])) == #"[["a,b","]\""]]"#
        )
        #expect(
            values(canonicalColumn(.array(.float32), [#"[0.1,1.0,2.5,"NaN"]"#, "[]"]))
                == #"[[0.10000000149011612,1.0,2.5,"NaN"],[]]"#
        )
        #expect(
            values(canonicalColumn(.array(.float64), ["[0.1,1.0,1e+16,9007199254740992.0]"]))
                == "[[0.1,1.0,1e+16,9007199254740992.0]]"
        )
        #expect(
            values(
                canonicalColumn(
                    .array(.unixTimestamp),
                    [#"["2026-01-10T12:00:00.5Z","1969-12-31T23:59:59.5Z"]"#]
                )
            ) == "[[1768046400,-1]]"
        )
    }

    @Test func aStringThatIsNoUTF8StillMakesJSON() throws {
        var builder = ColumnBuilder(type: .string)
        builder.append(bytes: [0x61, 0xFF, 0x22])
        let column = builder.finish()
        #expect(values(column) == "[\"a\u{FFFD}\\\"\"]")
    }

    @Test func eventTimesKeepTheirMicroseconds() {
        let column = answerColumn(.int64, [1, 2, 3, 4])
        let times = [
            time("2026-01-10T12:00:00.5Z"), time("2026-01-10T12:00:00.5Z"),
            time("2026-01-10T12:00:00.000001Z"), .epoch,
        ]
        let body = json(answer(entities: [], features: [feature("f", column, times: times)]))
        #expect(
            body.contains(
                #"["2026-01-10T12:00:00.500Z","2026-01-10T12:00:00.500Z","#
                    + #""2026-01-10T12:00:00.000001Z","1970-01-01T00:00:00Z"]"#
            )
        )
    }

    @Test(arguments: UInt64(0)..<100)
    func foundationReadsBackWhatWasWritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = ["", "a", "\"", "\\", "\u{0}", "é", "\u{1F600}\n"]
        let strings = (0..<20).map { _ in texts.randomElement(using: &random) ?? "" }
        let doubles = (0..<20).map { _ in Double.random(in: -1e9...1e9, using: &random) }
        let integers = (0..<20).map { _ in Int64.random(in: .min ... .max, using: &random) }
        let body = OnlineResponseEncoder.encode(
            answer(
                entities: [("k", answerColumn(.int64, integers.map(Value.integer)))],
                features: [
                    feature("s\"", answerColumn(.string, strings.map(Value.string))),
                    feature("d", answerColumn(.float64, doubles.map(Value.float))),
                ]
            )
        )
        let read = try JSONDecoder().decode(Body.self, from: Data(body))
        #expect(read.metadata.featureNames == ["k", "s\"", "d"])
        #expect(read.results[0].values == integers.map(Value.integer))
        #expect(read.results[1].values == strings.map(Value.string))
        #expect(read.results[2].values == doubles.map(Value.float))
    }
}

/// An answer as Foundation reads it.
private struct Body: Decodable {
    struct Metadata: Decodable {
        enum CodingKeys: String, CodingKey { case featureNames = "feature_names" }
        var featureNames: [String]
    }
    struct Column: Decodable {
        var values: [Value]

        init(from decoder: any Decoder) throws {
            let cells = try decoder.container(keyedBy: Key.self).decode(
                [Cell].self,
                forKey: .values
            )
            self.values = cells.map(\.value)
        }
    }
    enum Key: CodingKey { case values }
    struct Cell: Decodable {
        var value: Value

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let integer = try? container.decode(Int64.self) {
                self.value = .integer(integer)
            } else if let double = try? container.decode(Double.self) {
                self.value = .float(double)
            } else {
                self.value = .string(try container.decode(String.self))
            }
        }
    }
    var results: [Column]
    var metadata: Metadata
}
