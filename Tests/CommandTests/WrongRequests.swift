/// A request that is wrong, and what the server answers.
struct WrongRequest: Sendable {
    let method: String
    let path: String
    let body: String
    let status: Int
    let answer: String

    init(
        _ path: String,
        _ body: String,
        method: String = "POST",
        _ status: Int,
        _ answer: String
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.status = status
        self.answer = answer
    }
}

extension WrongRequest {
    static let all: [WrongRequest] = [
        WrongRequest(
            "/get-online-features",
            "",
            422,
            ##"""
            {"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"#,
            422,
            ##"""
            {"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"[]"#,
            422,
            ##"""
            {"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"]}"#,
            422,
            ##"""
            {"detail":[{"type":"missing","loc":["body","entities"],"msg":"Field required"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"entities":{"driver_id":[1]}}"#,
            400,
            ##"""
            {"detail":"No features specified for retrieval: give \"features\": [\"view:feature\"] or \"feature_service\": \"name\"."}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":"driver_stats:trips","entities":{"driver_id":[1]}}"#,
            422,
            ##"""
            {"detail":[{"type":"list_type","loc":["body","features"],"msg":"Input should be a valid list"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":[1],"entities":{"driver_id":[1]}}"#,
            422,
            ##"""
            {"detail":[{"type":"string_type","loc":["body","features",0],"msg":"Input should be a valid string"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":[],"entities":{"driver_id":[1]}}"#,
            400,
            ##"""
            {"detail":"No features specified for retrieval: give \"features\": [\"view:feature\"] or \"feature_service\": \"name\"."}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["trips"],"entities":{"driver_id":[1]}}"#,
            400,
            ##"""
            {"detail":"invalid feature reference \"trips\"; the form is view:feature, or view@v2:feature for a generation of the view"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stat:trips"],"entities":{"driver_id":[1]}}"#,
            404,
            ##"""
            "{\"module\": \"feast.errors\", \"class\": \"FeatureViewNotFoundException\", \"message\": \"Feature view driver_stat does not exist in project fleet; did you mean \\\"driver_stats\\\"?\"}"
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trip"],"entities":{"driver_id":[1]}}"#,
            400,
            ##"""
            {"detail":"feature view \"driver_stats\" has no feature \"trip\"; did you mean \"trips\"?"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{}}"#,
            400,
            ##"""
            {"detail":"Missing join key values for keys: driver_id; given were: none; give each key one value for each entity row"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":1}}"#,
            422,
            ##"""
            {"detail":[{"type":"list_type","loc":["body","entities","driver_id"],"msg":"Input should be a valid list"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":[]}"#,
            422,
            ##"""
            {"detail":[{"type":"dict_type","loc":["body","entities"],"msg":"Input should be a valid dictionary: a list of values for each join key"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":[1.5]}}"#,
            400,
            ##"""
            {"detail":"join key \"driver_id\" is int64, and 1.5 (row 0) is not; send a whole number of 64 bits"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":["abc"]}}"#,
            400,
            ##"""
            {"detail":"join key \"driver_id\" is int64, and \"abc\" (row 0) is not; send a whole number of 64 bits"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":[true]}}"#,
            400,
            ##"""
            {"detail":"join key \"driver_id\" is int64, and true (row 0) is not; send a whole number of 64 bits"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":[[1]]}}"#,
            422,
            ##"""
            {"detail":[{"type":"value_error","loc":["body","entities","driver_id",0],"msg":"Input should be a number, a string, a boolean or null"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":[1,2],"x":[1]}}"#,
            400,
            ##"""
            {"detail":"All entity rows must have the same columns: \"driver_id\" has 2 values, but \"x\" has 1."}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"feature_service":"activty","entities":{"driver_id":[1]}}"#,
            404,
            ##"""
            "{\"module\": \"feast.errors\", \"class\": \"FeatureServiceNotFoundException\", \"message\": \"Feature service activty does not exist in project fleet; did you mean \\\"activity\\\"?\"}"
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"feature_service":7,"entities":{"driver_id":[1]}}"#,
            422,
            ##"""
            {"detail":[{"type":"string_type","loc":["body","feature_service"],"msg":"Input should be a valid string"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips","driver_recent:trips"],"entities":{"driver_id":[1]}}"#,
            400,
            ##"""
            "{\"module\": \"feast.errors\", \"class\": \"FeatureNameCollisionError\", \"message\": \"Duplicate features named trips found; use the full feature names (full_feature_names, --full-feature-names), or ask for features with different names\"}"
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":[1]},"full_feature_names":"yes"}"#,
            422,
            ##"""
            {"detail":[{"type":"bool_type","loc":["body","full_feature_names"],"msg":"Input should be a valid boolean"}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{"features":["driver_stats:trips"],"entities":{"driver_id":[1]}} x"#,
            422,
            ##"""
            {"detail":[{"type":"json_invalid","loc":["body",65],"msg":"JSON decode error","input":{},"ctx":{"error":"Extra data"}}]}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            #"{'features': 1}"#,
            422,
            ##"""
            {"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting property name enclosed in double quotes"}}]}
            """##
        ),
        WrongRequest(
            "/get-online-feature",
            #"{}"#,
            404,
            ##"""
            {"detail":"Not Found"}
            """##
        ),
        WrongRequest(
            "/get-online-features",
            "",
            method: "GET",
            405,
            ##"""
            {"detail":"Method Not Allowed"}
            """##
        ),
        WrongRequest(
            "/health",
            #"{}"#,
            405,
            ##"""
            {"detail":"Method Not Allowed"}
            """##
        ),
        WrongRequest(
            "/",
            "",
            method: "GET",
            404,
            ##"""
            {"detail":"Not Found"}
            """##
        ),
        WrongRequest(
            "/materialize",
            #"{}"#,
            400,
            ##"""
            {"detail":"start_ts and end_ts are required when disable_event_timestamp is False"}
            """##
        ),
        WrongRequest(
            "/materialize",
            #"{"start_ts":"soon","end_ts":"2024-01-01"}"#,
            400,
            ##"""
            {"detail":"Invalid timestamp format: \"soon\"; write it as 2026-01-10T12:00:00Z"}
            """##
        ),
        WrongRequest(
            "/materialize",
            #"{"start_ts":"2024-02-01T00:00:00","end_ts":"2024-01-01T00:00:00"}"#,
            400,
            ##"""
            {"detail":"start_ts (2024-02-01T00:00:00) must be before end_ts (2024-01-01T00:00:00)"}
            """##
        ),
        WrongRequest(
            "/materialize",
            #"{"start_ts":"2024-01-01T00:00:00","end_ts":"2024-02-01T00:00:00","feature_views":["driver_stat"]}"#,
            404,
            ##"""
            "{\"module\": \"feast.errors\", \"class\": \"FeatureViewNotFoundException\", \"message\": \"Feature view driver_stat does not exist in project fleet; did you mean \\\"driver_stats\\\"?\"}"
            """##
        ),
        WrongRequest(
            "/materialize",
            #"{"start_ts":"2024-01-01T00:00:00","end_ts":"2024-02-01T00:00:00","feature_views":"driver_stats"}"#,
            422,
            ##"""
            {"detail":[{"type":"list_type","loc":["body","feature_views"],"msg":"Input should be a valid list"}]}
            """##
        ),
        WrongRequest(
            "/materialize",
            #"{"start_ts":1,"end_ts":2}"#,
            422,
            ##"""
            {"detail":[{"type":"string_type","loc":["body","start_ts"],"msg":"Input should be a valid string"}]}
            """##
        ),
        WrongRequest(
            "/materialize-incremental",
            #"{}"#,
            422,
            ##"""
            {"detail":[{"type":"missing","loc":["body","end_ts"],"msg":"Field required"}]}
            """##
        ),
        WrongRequest(
            "/materialize-incremental",
            #"{"end_ts":"x"}"#,
            400,
            ##"""
            {"detail":"Invalid timestamp format: \"x\"; write it as 2026-01-10T12:00:00Z"}
            """##
        ),
    ]
}
