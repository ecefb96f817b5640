import FeatureModel
import FeatureServer
import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

private let path = "/get-historical-features"

/// The given rows with some features, as a store would answer.
private func answer(to input: EntityRowsInput) -> TrainingSet {
    guard case .table(let table) = input else {
        return fakeTrainingSet(Table(columns: [], rowCount: 0))
    }
    let count = table.rowCount
    func values(_ all: [Value]) -> [Value] { (0..<count).map { all[$0 % all.count] } }
    let columns = table.columns.map { column in
        column.name == "event_timestamp"
            ? Table.NamedColumn(
                name: column.name,
                column: answerColumn(
                    .unixTimestamp,
                    values([.timestamp(Timestamp(microseconds: 1_500_000)), .null])
                )
            ) : column
    }
    let features: [Table.NamedColumn] = [
        .init(
            name: "f32",
            column: answerColumn(.float32, values([.float(Double(Float(0.1))), .float(.nan)]))
        ),
        .init(name: "i64", column: answerColumn(.int64, values([9_007_199_254_740_993, .null]))),
        .init(
            name: "at",
            column: answerColumn(
                .unixTimestamp,
                values([.timestamp(Timestamp(microseconds: 2_700_000))])
            )
        ),
    ]
    return fakeTrainingSet(
        Table(columns: columns + features, rowCount: count),
        features: features.map(\.name)
    )
}

extension ServerTests {
    @Suite struct TrainingSets {
        private let body =
            #"{"features":["v:f32"],"entities":{"id":[1.50,"1.50",null,true,1e3],"#
            + #""event_timestamp":["2020-01-01",7,8,9,10],"n\u00e9\"":["","a,b","c\"d",-0,false]}}"#

        private func post(
            _ text: String,
            accept: String? = nil,
            limits: ServerLimits = testLimits(),
            serving: FakeServing = FakeServing(training: {
                (_, input, _) throws(FeatureStoreError) in answer(to: input)
            })
        ) async throws -> Reply {
            try await withServer(serving, limits: limits) { server in
                let reply = try await onThread {
                    let socket = try server.connect()
                    try socket.post(
                        path,
                        text,
                        headers: accept.map { "Accept: \($0)\r\n" } ?? ""
                    )
                    return try socket.reply()
                }
                return try #require(reply)
            }
        }

        @Test func answersInJSONWithTheValuesLetterForLetter() async throws {
            let reply = try await self.post(self.body)
            #expect(reply.status == 200)
            #expect(reply.headers.contains("content-type: application/json"))
            let start = try #require(reply.body.range(of: #","report":"#))
            let columns = [
                #"{"columns":{"id":[1.50,"1.50",null,true,1e3]"#,
                #""event_timestamp":["1970-01-01T00:00:01.500Z",null,"#
                    + #""1970-01-01T00:00:01.500Z",null,"1970-01-01T00:00:01.500Z"]"#,
                #""né\"":["","a,b","c\"d",-0,false]"#,
                #""f32":[0.10000000149011612,"NaN",0.10000000149011612,"NaN","#
                    + #"0.10000000149011612]"#,
                #""i64":[9007199254740993,null,9007199254740993,null,9007199254740993]"#,
                #""at":[2,2,2,2,2]}"#,
            ]
            #expect(String(reply.body[..<start.lowerBound]) == columns.joined(separator: ","))
            let object = try JSONSerialization.jsonObject(with: Data(reply.body.utf8))
            let report = (object as? [String: Any])?["report"] as? [String: Any]
            #expect(report?["rows"] as? Int == 5)
        }

        @Test func answersInCSVAndJSONLines() async throws {
            let csv = try await self.post(self.body, accept: "text/csv")
            #expect(csv.status == 200)
            #expect(csv.headers.contains("content-type: text/csv; charset=utf-8"))
            #expect(
                csv.body == """
                    id,event_timestamp,"né""\",f32,i64,at
                    1.50,1970-01-01T00:00:01.500Z,"",0.1,9007199254740993,1970-01-01T00:00:02.700Z
                    1.50,,"a,b",NaN,,1970-01-01T00:00:02.700Z
                    ,1970-01-01T00:00:01.500Z,"c""d",0.1,9007199254740993,1970-01-01T00:00:02.700Z
                    true,,-0,NaN,,1970-01-01T00:00:02.700Z
                    1e3,1970-01-01T00:00:01.500Z,false,0.1,9007199254740993,1970-01-01T00:00:02.700Z

                    """
            )
            let lines = try await self.post(
                self.body,
                accept: "text/*;q=0.3, application/x-ndjson, application/json;q=0.5"
            )
            #expect(lines.headers.contains("content-type: application/x-ndjson"))
            let expected = [
                #"{"id":1.50,"event_timestamp":"1970-01-01T00:00:01.500Z","né\"":"","#
                    + #""f32":0.1,"i64":9007199254740993,"at":"1970-01-01T00:00:02.700Z"}"#,
                #"{"id":"1.50","event_timestamp":null,"né\"":"a,b","f32":"NaN","i64":null,"#
                    + #""at":"1970-01-01T00:00:02.700Z"}"#,
            ]
            #expect(lines.body.split(separator: "\n").prefix(2).map(String.init) == expected)
        }

        @Test func obeysTheAcceptHeader() async throws {
            let cases: [(String?, String)] = [
                (nil, "application/json"), ("*/*", "application/json"),
                ("application/*", "application/json"), ("text/*", "text/csv; charset=utf-8"),
                ("TEXT/CSV; charset=utf-8", "text/csv; charset=utf-8"),
                ("application/json;q=0, */*", "text/csv; charset=utf-8"),
                ("application/jsonl", "application/x-ndjson"), ("", "application/json"),
                ("image/png, */*;q=0.1", "application/json"),
            ]
            for (accept, type) in cases {
                let reply = try await self.post(self.body, accept: accept)
                #expect(reply.headers.contains("content-type: \(type)"), "\(accept ?? "none")")
            }
            let none = try await self.post(self.body, accept: "image/png, text/csv;q=0")
            #expect(none.status == 406)
        }

        @Test func readsEveryOption() async throws {
            let seen = Mutex<[String]>([])
            let fake = FakeServing(training: {
                (features, input, options) throws(FeatureStoreError) in
                seen.withLock {
                    $0.append(
                        "\(features) \(input) \(options.timestampField) "
                            + "\(options.fullFeatureNames) \(options.filterByCreatedTimestamp) "
                            + "\(options.strict) \(options.maximumGeneratedRows)"
                    )
                }
                return fakeTrainingSet(Table(columns: [], rowCount: 0))
            })
            var limits = testLimits()
            limits.maximumTrainingSetCells = 3_000
            let reply = try await self.post(
                #"{"feature_service":"wide","start_date":1,"end_date":"1970-01-01T00:00:03Z","#
                    + #""every":"2s","full_feature_names":true,"filter_by_created_timestamp":true,"#
                    + #""timestamp_field":"at","strict":true,"entities":null,"other":[{}]}"#,
                limits: limits,
                serving: fake
            )
            #expect(reply.status == 200)
            let expected =
                "\(FeatureSelection.service("wide")) "
                + "\(EntityRowsInput.keys(from: Timestamp("1"), to: Timestamp("3"), everyMicroseconds: 2_000_000)) "
                + "at true true true 10"
            #expect(seen.withLock { $0 } == [expected])
        }

        @Test func refusesWhatIsWrong() async throws {
            let features = #""features":["v:f"]"#
            let cases: [(String, Int, String)] = [
                ("", 422, "missing"), ("[]", 422, "model_attributes_type"),
                ("{", 422, "json_invalid"),
                ("{\(features)}", 422, #""loc":["body","entities"]"#),
                (#"{"entities":{}}"#, 400, "No features specified"),
                (#"{\#(features),"entities":[]}"#, 422, "dict_type"),
                (#"{\#(features),"entities":{"a":1}}"#, 422, "list_type"),
                (#"{\#(features),"entities":{"a":[1,[2]]}}"#, 422, #""entities","a",1]"#),
                (#"{\#(features),"entities":{"a":[],"a":[]}}"#, 422, "given twice"),
                (#"{\#(features),"entities":{"a":[1],"b":[]}}"#, 400, "same length"),
                (#"{\#(features),"entities":{"a":[01]}}"#, 422, "json_invalid"),
                (#"{\#(features),"entities":{"a":[1]},"end_date":"2020-01-01"}"#, 400, "both"),
                (#"{\#(features),"entities":{"a":[1]},"every":"1d"}"#, 400, "both"),
                (#"{\#(features),"end_date":"soon"}"#, 400, "Invalid timestamp"),
                (#"{\#(features),"end_date":true}"#, 422, "datetime_type"),
                (#"{\#(features),"end_date":1,"every":"1d"}"#, 400, "start_date"),
                (#"{\#(features),"start_date":1,"every":"1 day"}"#, 400, "no duration"),
                (#"{\#(features),"end_date":1,"strict":1}"#, 422, "bool_type"),
                (#"{\#(features),"entities":{"a":[1,2,3,4]}}"#, 413, "limit of 3 values"),
                (#"{"features":["v:f","v:g"],"entities":{"a":[1,2]}}"#, 413, "2 features"),
            ]
            var limits = testLimits()
            limits.maximumTrainingSetCells = 3
            for (text, status, part) in cases {
                let reply = try await self.post(text, limits: limits)
                #expect(reply.status == status, "\(text): \(reply.body)")
                #expect(reply.body.contains(part), "\(text): \(reply.body)")
                #expect(reply.headers.contains("content-type: application/json"))
            }
            for (code, status) in [
                (FeatureStoreError.Code.featureViewNotFound, 404), (.missingJoinKey, 400),
                (.invalidData, 400), (.unavailable, 503),
            ] {
                let fake = FakeServing(training: { (_, _, _) throws(FeatureStoreError) in
                    throw FeatureStoreError(code: code, message: "why")
                })
                let reply = try await self.post(self.body, accept: "text/csv", serving: fake)
                #expect(reply.status == status)
                #expect(reply.body.contains("why"))
                #expect(reply.headers.contains("content-type: application/json"))
            }
        }

        @Test func refusesMoreAtOnceThanTheLimit() async throws {
            let gate = DispatchSemaphore(value: 0)
            let begun = DispatchSemaphore(value: 0)
            let fake = FakeServing(training: { (_, input, _) throws(FeatureStoreError) in
                begun.signal()
                gate.wait()
                return answer(to: input)
            })
            var limits = testLimits()
            limits.maximumTrainingSets = 1
            let body = self.body
            try await withServer(fake, limits: limits) { server in
                let statuses = try await onThread {
                    let first = try server.connect()
                    try first.post(path, body)
                    begun.wait()
                    let second = try server.connect()
                    try second.post(path, body)
                    let refused = try second.reply()
                    // Reads go on meanwhile, on the same connection too.
                    try second.post(readPath, readBody)
                    let read = try second.reply()
                    gate.signal()
                    let made = try first.reply()
                    gate.signal()
                    try second.post(path, body)
                    let again = try second.reply()
                    return [refused, read, made, again].map { $0?.status }
                }
                #expect(statuses == [409, 200, 200, 200])
            }
        }
    }
}
