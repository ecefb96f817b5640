import Testing

/// A mistake of a user, and what the program says to it.
struct WrongInput: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let exitCode: Int32
    /// A part of what standard error says.
    let message: String
    /// Files to write before, by name.
    var files: [String: String] = [:]
    /// Replaces a part of the definitions before.
    var edit: (old: String, new: String)?
    var input: String?
    /// Whether the definitions are applied before the files are written.
    var isApplied = true

    var testDescription: String { "fstore " + self.arguments.joined(separator: " ") }

    init(
        _ command: String,
        _ exitCode: Int32,
        _ message: String,
        files: [String: String] = [:],
        edit: (old: String, new: String)? = nil,
        input: String? = nil,
        isApplied: Bool = true
    ) {
        self.arguments = command.split(separator: " ").map {
            $0 == "''" ? "" : String($0)
        }
        self.exitCode = exitCode
        self.message = message
        self.files = files
        self.edit = edit
        self.input = input
        self.isApplied = isApplied
    }
}

extension WrongInput {
    private static let history = "get-historical-features -d data/entities.csv"
    private static let online = "get-online-features -e driver_id=1001"

    static let usage: [WrongInput] = [
        WrongInput("aply", 64, #"there is no command "aply"; did you mean "apply"?"#),
        WrongInput("apply --bogus", 64, "Unknown option '--bogus'"),
        WrongInput("plan extra", 64, "Unexpected argument 'extra'"),
        WrongInput("status --log-level loud", 64, "The value 'loud' is invalid"),
        WrongInput("entities describe", 64, "Missing expected argument '<name>'"),
        WrongInput("materialize 2024-01-01", 64, "give both START and END, or neither"),
        WrongInput("materialize soon later", 64, "The value 'soon' is invalid for '<start>'"),
        WrongInput("materialize 2024-13-01 2024-14-01", 64, "such as 2026-01-10T12:00:00Z"),
        WrongInput("materialize-incremental", 64, "Missing expected argument '<end>'"),
        WrongInput("materialize-incremental 2024-02-30", 64, "'2024-02-30' is invalid"),
        WrongInput(online, 64, "give --features view:feature or --feature-service name"),
        WrongInput(online + " --feature-service a -f b:c", 64, "give either --features or"),
        WrongInput("get-online-features -f a:b", 1, "Feature view a does not exist in project"),
        WrongInput(
            "get-online-features -f driver_stats:trips",
            1,
            "Missing join key values for keys: driver_id"
        ),
        WrongInput("get-online-features -e driver_id -f a:b", 64, #""driver_id" is no key=value"#),
        WrongInput(
            "get-historical-features -f a:b",
            64,
            "give the entity rows with --entity-df <file>, or --end-date <time>"
        ),
        WrongInput(
            "get-historical-features -f a:b --end-date 2024-01-01 --table t -o x.csv",
            64,
            "--table is for an SQLite output; name a file that ends in .db with --output"
        ),
        WrongInput("serve -p 70000", 64, "port 70000 does not exist; give one from 0 to 65535"),
        WrongInput("serve -p web", 64, "The value 'web' is invalid for '-p <port>'"),
        WrongInput("init -t fancy new", 64, "Please provide one of 'local' and 'minimal'"),
        WrongInput(history + " -f a:b --table ''", 64, "--table is empty"),
    ]

    static let names: [WrongInput] = [
        WrongInput("-c nowhere apply", 1, "nowhere does not exist; name a repository with --chdir"),
        WrongInput("-c data status", 1, "data is no feature repository: it has no feature_store"),
        WrongInput("-c driver.yaml apply", 1, "driver.yaml is no folder"),
        WrongInput("init data", 1, "data is not empty; name a folder that does not exist yet"),
        WrongInput("init driver.yaml", 1, "driver.yaml is a file; name a folder that does not"),
        WrongInput("init driver.yaml/new", 1, "driver.yaml/new cannot be made: Not a directory"),
        WrongInput("entities describe drver", 1, #"no entity "drver"; did you mean "driver"?"#),
        WrongInput("materialize -v driver_stat", 1, #"did you mean "driver_stats"?"#),
        WrongInput("materialize 2024-02-01 2024-01-01", 1, "give the earlier time first"),
        WrongInput(online + " -f driver_stats:trip", 1, #"did you mean "trips"?"#),
        WrongInput(online + " -f driver_stats", 1, "the form is view:feature"),
        WrongInput(online + " -f ,", 1, "no features were asked for"),
        WrongInput(online + " --feature-service nope", 1, "the feature services are: activity"),
        WrongInput(
            online + " -f driver_stats:trips -f driver_recent:trips",
            1,
            "Duplicate features named trips found; use the full feature names"
        ),
        WrongInput(
            "get-online-features -e driver_id=abc -f driver_stats:trips",
            1,
            #"join key "driver_id" is int64, and "abc" (row 0) is not"#
        ),
        WrongInput(
            "get-online-features -e drivr_id=1 -f driver_stats:trips",
            1,
            "Missing join key values for keys: driver_id; given were: drivr_id"
        ),
        WrongInput("materialize", 1, "run `fstore apply`", isApplied: false),
        WrongInput(online + " --feature-service a", 1, "run `fstore apply`", isApplied: false),
    ]

    static let data: [WrongInput] = [
        WrongInput(
            "get-historical-features -d no.csv -f driver_stats:trips",
            1,
            "there is no file no.csv"
        ),
        WrongInput("get-historical-features -d data -f driver_stats:trips", 1, "data is a folder"),
        WrongInput(
            "get-historical-features -d - -f driver_stats:trips",
            1,
            "standard input: the file is empty; its first line must name the columns"
        ),
        WrongInput(
            "get-historical-features -d - -f driver_stats:trips",
            1,
            #"has no column "event_timestamp"; the columns are: driver_id, when"#,
            input: "driver_id,when\n1,2024-01-01\n"
        ),
        WrongInput(
            "get-historical-features -d - -f driver_stats:trips",
            1,
            "driver_id",
            input: "event_timestamp,id\n2024-01-01,1\n"
        ),
        WrongInput(
            "get-historical-features -d - -f driver_stats:trips --strict",
            1,
            "never",
            input: "event_timestamp,driver_id\nnever,1\n"
        ),
        WrongInput(
            "get-historical-features -d - -f driver_stats:trips --strict",
            1,
            "x1",
            input: "event_timestamp,driver_id\n2024-01-01,x1\n"
        ),
        WrongInput(history + " -f driver_stats:trips -o out.parquet", 1, "use .csv, .jsonl, .db"),
        WrongInput(
            history + " -f driver_stats:trips -o no/out.csv",
            1,
            "cannot write no/out.csv: there is no folder no; make it first"
        ),
        WrongInput(
            "materialize --strict",
            1,
            "2 of 2 feature views were not loaded",
            files: ["data/stats.csv": FleetRepository.stats + "2024-01-04,x7,1,1,,\n"]
        ),
        WrongInput(
            "materialize",
            1,
            "city",
            files: ["data/stats.csv": "event_timestamp,driver_id,conv_rate,trips,created\n"]
        ),
        WrongInput(
            "status",
            1,
            "name another file as",
            files: ["data/registry.db": "no database, text"]
        ),
        WrongInput("apply", 1, "registry.db", files: ["data/registry.db": "no database, text"]),
        WrongInput(
            "materialize",
            1,
            "online",
            files: ["data/online": "a file where a folder should be"]
        ),
    ]

    static let definitions: [WrongInput] = [
        WrongInput(
            "apply",
            1,
            "feature_store.yaml",
            files: ["feature_store.yaml": "project: x\n\t- y"]
        ),
        WrongInput("apply", 1, "project", files: ["feature_store.yaml": "registry: data/r.db\n"]),
        WrongInput(
            "apply",
            1,
            "2 problems; nothing was changed",
            edit: ("ttl: 0", "ttl: soon\n    owne: me")
        ),
        WrongInput("apply", 1, #"did you mean "float32"?"#, edit: ("float32", "flaot32")),
        WrongInput(
            "apply",
            1,
            #"did you mean "driver"?"#,
            edit: ("entities: [driver]", "entities: [drver]")
        ),
        WrongInput("apply", 1, #"did you mean "stats"?"#, edit: ("source: stats", "source: stast")),
        WrongInput("apply", 1, "data/nowhere.csv", edit: ("data/stats.csv", "data/nowhere.csv")),
        WrongInput(
            "apply",
            1,
            "driver.yaml:33:24: error: feature service \"activity\" names an",
            edit: ("name: conv_rate", "name: konv_rate")
        ),
        WrongInput("apply", 1, "driver_stats", edit: ("name: driver_recent", "name: driver_stats")),
        WrongInput(
            "plan",
            1,
            #"has an unknown key "view"; did you mean "feature_view"?"#,
            edit: ("- driver_stats: [conv_rate, city]", "- { view: driver_stats }")
        ),
        WrongInput(
            "apply",
            1,
            "allow it with --allow-destroy",
            edit: ("value_type: int64", "value_type: string")
        ),
        WrongInput("plan", 1, "driver.yaml", files: ["driver.yaml": "entities: [{name: a"]),
    ]
}
