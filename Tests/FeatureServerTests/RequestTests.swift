import FeatureModel
import FeatureStoreKit
import Testing

@testable import FeatureServer

private func request(
    _ text: String,
    limits: ServerLimits = ServerLimits()
) throws(RequestError) -> OnlineFeaturesRequest {
    try OnlineFeaturesRequest(json: Array(text.utf8).span, limits: limits)
}

/// Status and body of the answer to a wrong body.
private func refusal(_ text: String, limits: ServerLimits = ServerLimits()) -> String {
    do {
        return "accepted: \(try request(text, limits: limits))"
    } catch {
        return "\(error.answer.status.code) \(String(decoding: error.answer.body, as: UTF8.self))"
    }
}

private func load(_ text: String, isIncremental: Bool = false) -> String {
    do throws(RequestError) {
        let request = try MaterializationRequest(
            json: Array(text.utf8).span,
            isIncremental: isIncremental
        )
        return "\(request.start?.description ?? "open") \(request.end?.description ?? "open") "
            + "\(request.views?.description ?? "all")"
    } catch {
        return "\(error.answer.status.code) \(String(decoding: error.answer.body, as: UTF8.self))"
    }
}

@Suite struct OnlineFeaturesRequestTests {
    @Test func readsWhatTheSDKSends() throws {
        let read = try request(
            #"{"entities": {"driver_id": [1, 99]}, "full_feature_names": false, "#
                + #""include_feature_view_version_metadata": false, "features": "#
                + #"["drv:a_i64", "drv:b_f32"]}"#
        )
        #expect(read.selection == .features(["drv:a_i64", "drv:b_f32"]))
        #expect(read.entities == [.init(name: "driver_id", values: [1, 99])])
        #expect(!read.fullFeatureNames)
    }

    @Test func aServiceWinsOverFeatures() throws {
        let read = try request(
            #"{"feature_service":"svc","features":["a:b"],"full_feature_names":true,"#
                + #""entities":{"driver_id":[1],"amt":[2.0]},"other":{"x":[1,{}]}}"#
        )
        #expect(read.selection == .service("svc"))
        #expect(read.fullFeatureNames)
        #expect(read.entities[1] == .init(name: "amt", values: [.float(2)], digits: [0: "2.0"]))
    }

    @Test func nullsCountAsAbsent() throws {
        let read = try request(
            #"{"feature_service":null,"features":["a:b"],"full_feature_names":null,"#
                + #""entities":{}}"#
        )
        #expect(read.selection == .features(["a:b"]))
        #expect(read.rowCount == 0)
    }

    @Test func readsIdsOfEveryKind() throws {
        let read = try request(
            #"{"features":["a:b"],"entities":{"k":[9007199254740993,"1",null,true,1.5,1.0,1e2,"#
                + #"9223372036854775807,-9223372036854775808,9223372036854775808,"é\u0000"]}}"#
        )
        let expected: [Value] = [
            .integer(9_007_199_254_740_993), "1", nil, true, 1.5, 1.0, .float(100), .integer(.max),
            .integer(.min), .float(9_223_372_036_854_775_808), "é\0",
        ]
        let digits = [4: "1.5", 5: "1.0", 6: "1e2", 9: "9223372036854775808"]
        #expect(read.entities == [.init(name: "k", values: expected, digits: digits)])
    }

    @Test(arguments: [
        (
            #"{"features":["a:b"]}"#,
            #"422 {"detail":[{"type":"missing","loc":["body","entities"],"msg":"Field required"}]}"#
        ),
        (
            #"{"features":["a:b"],"entities":null}"#,
            #"422 {"detail":[{"type":"missing","loc":["body","entities"],"msg":"Field required"}]}"#
        ),
        ("", #"422 {"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}"#),
        (
            "[1]",
            #"422 {"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"#
                + #""Input should be a valid dictionary or object to extract fields from"}]}"#
        ),
        (
            #"{"features":["a:b"],"entities":[{"k":1}]}"#,
            #"422 {"detail":[{"type":"dict_type","loc":["body","entities"],"msg":"#
                + #""Input should be a valid dictionary: a list of values for each join key"}]}"#
        ),
        (
            #"{"features":["a:b"],"entities":{"k":1}}"#,
            #"422 {"detail":[{"type":"list_type","loc":["body","entities","k"],"msg":"#
                + #""Input should be a valid list"}]}"#
        ),
        (
            #"{"features":["a:b"],"entities":{"k":[1,[2]]}}"#,
            #"422 {"detail":[{"type":"value_error","loc":["body","entities","k",1],"msg":"#
                + #""Input should be a number, a string, a boolean or null"}]}"#
        ),
        (
            #"{"features":["a:b"],"entities":{"k":[1],"k":[2]}}"#,
            #"422 {"detail":[{"type":"value_error","loc":["body","entities","k"],"msg":"#
                + #""The join key is given twice"}]}"#
        ),
        (
            #"{"entities":{"k":[1]},"entities":{}}"#,
            #"422 {"detail":[{"type":"value_error","loc":["body","entities"],"msg":"#
                + #""The key is given twice"}]}"#
        ),
        (
            #"{"features":"a:b","entities":{"k":[1]}}"#,
            #"422 {"detail":[{"type":"list_type","loc":["body","features"],"msg":"#
                + #""Input should be a valid list"}]}"#
        ),
        (
            #"{"features":["a:b",1],"entities":{"k":[1]}}"#,
            #"422 {"detail":[{"type":"string_type","loc":["body","features",1],"msg":"#
                + #""Input should be a valid string"}]}"#
        ),
        (
            #"{"feature_service":1,"entities":{"k":[1]}}"#,
            #"422 {"detail":[{"type":"string_type","loc":["body","feature_service"],"msg":"#
                + #""Input should be a valid string"}]}"#
        ),
        (
            #"{"features":["a:b"],"full_feature_names":"yes","entities":{"k":[1]}}"#,
            #"422 {"detail":[{"type":"bool_type","loc":["body","full_feature_names"],"msg":"#
                + #""Input should be a valid boolean"}]}"#
        ),
        (
            #"{"features":["a:b"],"entities":{"k":[1]}"#,
            #"422 {"detail":[{"type":"json_invalid","loc":["body",40],"msg":"JSON decode error","#
                + #""input":{},"ctx":{"error":"Expecting ',' delimiter or '}'"}}]}"#
        ),
        (
            #"{"entities":{"k":[1]}}"#,
            #"400 {"detail":"No features specified for retrieval: give \"features\": "#
                + #"[\"view:feature\"] or \"feature_service\": \"name\"."}"#
        ),
        (
            #"{"features":[],"entities":{"k":[1]}}"#,
            #"400 {"detail":"No features specified for retrieval: give \"features\": "#
                + #"[\"view:feature\"] or \"feature_service\": \"name\"."}"#
        ),
        (
            #"{"features":["a:b"],"entities":{"k":[1],"l":[1,2]}}"#,
            #"400 {"detail":"All entity rows must have the same columns: \"k\" has 1 value, "#
                + #"but \"l\" has 2."}"#
        ),
    ])
    func saysWhatIsWrong(body: String, expected: String) {
        #expect(refusal(body) == expected)
    }

    @Test func namesTheLimits() {
        var limits = ServerLimits()
        limits.maximumEntityRows = 3
        limits.maximumFeatures = 2
        let tooManyRows = refusal(
            #"{"features":["a:b"],"entities":{"k":[1,2,3,4]}}"#,
            limits: limits
        )
        #expect(tooManyRows.hasPrefix("400 "))
        #expect(tooManyRows.contains("4 entity rows are more than the limit of 3"))
        let tooManyFeatures = refusal(
            #"{"features":["a:b","a:c","a:d"],"entities":{"k":[]}}"#,
            limits: limits
        )
        #expect(tooManyFeatures.hasPrefix("400 "))
        #expect(tooManyFeatures.contains("3 features are more than the limit of 2"))
        let fits = refusal(#"{"features":["a:b","a:c"],"entities":{"k":[1,2]}}"#, limits: limits)
        #expect(fits.hasPrefix("accepted"))
    }
}

@Suite struct MaterializationRequestTests {
    @Test func readsWhatTheSDKSends() {
        #expect(
            load(
                #"{"start_ts": "2026-01-10T00:00:00", "end_ts": "2026-01-12T00:00:00", "#
                    + #""feature_views": ["drv", "dc"], "disable_event_timestamp": false, "#
                    + #""full_feature_names": false}"#
            ) == #"2026-01-10T00:00:00Z 2026-01-12T00:00:00Z ["drv", "dc"]"#
        )
        #expect(
            load(
                #"{"end_ts": "2026-02-01T12:00:00.000005+00:00", "feature_views": null, "#
                    + #""full_feature_names": false}"#,
                isIncremental: true
            ) == "open 2026-02-01T12:00:00.000005Z all"
        )
    }

    @Test func theWholeHistoryHasNoEnds() {
        #expect(load(#"{"disable_event_timestamp":true}"#) == "open open all")
    }

    @Test(arguments: [
        (
            "{}",
            "400 {\"detail\":\"start_ts and end_ts are required when disable_event_timestamp is "
                + "False\"}"
        ),
        (
            #"{"start_ts":"2026-01-11","end_ts":"2026-01-10"}"#,
            #"400 {"detail":"start_ts (2026-01-11) must be before end_ts (2026-01-10)"}"#
        ),
        (
            #"{"start_ts":"soon","end_ts":"2026-01-10"}"#,
            #"400 {"detail":"Invalid timestamp format: \"soon\"; write it as "#
                + #"2026-01-10T12:00:00Z"}"#
        ),
        (
            #"{"start_ts":1,"end_ts":"2026-01-10"}"#,
            #"422 {"detail":[{"type":"string_type","loc":["body","start_ts"],"msg":"#
                + #""Input should be a valid string"}]}"#
        ),
    ])
    func saysWhatIsWrong(body: String, expected: String) {
        #expect(load(body) == expected)
    }

    @Test func anIncrementalLoadNeedsItsEnd() {
        #expect(
            load(#"{"start_ts":"2026-01-10"}"#, isIncremental: true)
                == #"422 {"detail":[{"type":"missing","loc":["body","end_ts"],"#
                + #""msg":"Field required"}]}"#
        )
    }
}
