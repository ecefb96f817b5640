import Testing

/// A mistake of a user, and every word that the program says to it.
struct GoldenMistake: CustomTestStringConvertible, Sendable {
    let wrong: WrongInput

    /// The message is all of standard error, but for the lines with which the parser of the arguments
    /// repeats the usage; `<repo>` is the repository's folder.
    init(
        _ command: String,
        _ exitCode: Int32,
        _ message: String,
        files: [String: String] = [:],
        edit: (old: String, new: String)? = nil,
        input: String? = nil,
        isApplied: Bool = true
    ) {
        self.wrong = WrongInput(
            command,
            exitCode,
            message,
            files: files,
            edit: edit,
            input: input,
            isApplied: isApplied
        )
    }

    var testDescription: String { self.wrong.testDescription }
}

extension GoldenMistake {
    /// Commands that are not called as they must be.
    static let usage: [GoldenMistake] = [
        GoldenMistake(
            "aply",
            64,
            #"""
            Error: there is no command "aply"; did you mean "apply"?
            """#
        ),
        GoldenMistake(
            "apply --bogus",
            64,
            #"""
            Error: Unknown option '--bogus'
            """#
        ),
        GoldenMistake(
            "plan extra",
            64,
            #"""
            Error: Unexpected argument 'extra'
            """#
        ),
        GoldenMistake(
            "status --log-level loud",
            64,
            #"""
            Error: The value 'loud' is invalid for '--log-level <log-level>': "loud" is no log level; the levels are trace, debug, info, notice, warning, error, critical
            """#
        ),
        GoldenMistake(
            "entities describe",
            64,
            #"""
            Error: Missing expected argument '<name>'
            """#
        ),
        GoldenMistake(
            "entities lst",
            64,
            #"""
            Error: there is no "fstore entities lst"; did you mean "list"?
            """#
        ),
        GoldenMistake(
            "materialize 2024-01-01",
            64,
            #"""
            Error: give both START and END, or neither
            """#
        ),
        GoldenMistake(
            "materialize soon later",
            64,
            #"""
            Error: The value 'soon' is invalid for '<start>'
            """#
        ),
        GoldenMistake(
            "materialize-incremental",
            64,
            #"""
            Error: Missing expected argument '<end>'
            """#
        ),
        GoldenMistake(
            "materialize-incremental 2024-02-30",
            64,
            #"""
            Error: The value '2024-02-30' is invalid for '<end>'
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001",
            64,
            #"""
            Error: no features were asked for; give --features view:feature or --feature-service name
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 --feature-service a -f b:c",
            64,
            #"""
            Error: give either --features or --feature-service, not both
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id -f a:b",
            64,
            #"""
            Error: "driver_id" is no key=value; write a join key and an id, such as -e driver_id=1001
            """#
        ),
        GoldenMistake(
            "get-historical-features -f a:b",
            64,
            #"""
            Error: give the entity rows with --entity-df <file>, or --end-date <time> for all keys at that time
            """#
        ),
        GoldenMistake(
            "serve -p 70000",
            64,
            #"""
            Error: port 70000 does not exist; give one from 0 to 65535
            """#
        ),
        GoldenMistake(
            "serve -p web",
            64,
            #"""
            Error: The value 'web' is invalid for '-p <port>'
            """#
        ),
        GoldenMistake(
            "init -t fancy new",
            64,
            #"""
            Error: The value 'fancy' is invalid for '-t <template>'. Please provide one of 'local' and 'minimal'.
            """#
        ),
        GoldenMistake(
            "get-historical-features -d data/entities.csv -f a:b --table ''",
            64,
            #"""
            Error: --table is empty; name the table of the SQLite output
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 --feature-service ''",
            64,
            #"""
            Error: --feature-service is empty; name a service
            """#
        ),
        GoldenMistake(
            "doctor extra",
            64,
            #"""
            Error: Unexpected argument 'extra'
            """#
        ),
        GoldenMistake(
            "teardown x",
            64,
            #"""
            Error: Unexpected argument 'x'
            """#
        ),
    ]

    /// Names that do not exist, and requests that cannot be answered.
    static let names: [GoldenMistake] = [
        GoldenMistake(
            "get-online-features -f a:b",
            1,
            #"""
            error: Feature view a does not exist in project fleet; the feature views are: driver_recent, driver_stats
            """#
        ),
        GoldenMistake(
            "get-online-features -f driver_stats:trips",
            1,
            #"""
            error: Missing join key values for keys: driver_id; given were: none; give each key one value for each entity row
            """#
        ),
        GoldenMistake(
            "-c nowhere apply",
            1,
            #"""
            error: the folder <repo>/nowhere does not exist; name a repository with --chdir, or make one with "fstore init"
            """#
        ),
        GoldenMistake(
            "-c data status",
            1,
            #"""
            error: <repo>/data is no feature repository: it has no feature_store.yaml; name a repository with --chdir, or make one with "fstore init"
            """#
        ),
        GoldenMistake(
            "-c driver.yaml apply",
            1,
            #"""
            error: <repo>/driver.yaml is no folder; name a repository with --chdir, or make one with "fstore init"
            """#
        ),
        GoldenMistake(
            "init data",
            1,
            #"""
            error: data is not empty; name a folder that does not exist yet
            """#
        ),
        GoldenMistake(
            "init driver.yaml",
            1,
            #"""
            error: driver.yaml is a file; name a folder that does not exist yet
            """#
        ),
        GoldenMistake(
            "entities describe drver",
            1,
            #"""
            error: there is no entity "drver"; did you mean "driver"?
            """#
        ),
        GoldenMistake(
            "materialize -v driver_stat",
            1,
            #"""
            error: Feature view driver_stat does not exist in project fleet; did you mean "driver_stats"?
            """#
        ),
        GoldenMistake(
            "materialize 2024-02-01 2024-01-01",
            1,
            #"""
            error: the start 2024-02-01T00:00:00Z is after the end 2024-01-01T00:00:00Z; give the earlier time first
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f driver_stats:trip",
            1,
            #"""
            error: feature view "driver_stats" has no feature "trip"; did you mean "trips"?
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f driver_stats",
            1,
            #"""
            error: invalid feature reference "driver_stats"; the form is view:feature, or view@v2:feature for a generation of the view
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f ,",
            1,
            #"""
            error: no features were asked for; name some as view:feature, or a service
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 --feature-service nope",
            1,
            #"""
            error: Feature service nope does not exist in project fleet; the feature services are: activity
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f driver_stats:trips -f driver_recent:trips",
            1,
            #"""
            error: Duplicate features named trips found; use the full feature names (full_feature_names, --full-feature-names), or ask for features with different names
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=abc -f driver_stats:trips",
            1,
            #"""
            error: join key "driver_id" is int64, and "abc" (row 0) is not; send a whole number of 64 bits
            """#
        ),
        GoldenMistake(
            "get-online-features -e drivr_id=1 -f driver_stats:trips",
            1,
            #"""
            error: Missing join key values for keys: driver_id; given were: drivr_id; did you mean "driver_id" by "drivr_id"?
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -e driver_id=99999999999999999999 -f driver_stats:trips",
            1,
            #"""
            error: join key "driver_id" is int64, and "99999999999999999999" (row 1) is not; send a whole number of 64 bits
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -e city=a -e city=b -f driver_stats:trips",
            1,
            #"""
            error: all entity columns must have the same number of rows: "driver_id" has 1, "city" has 2
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f driver_stats@v9:trips",
            1,
            #"""
            error: feature view "driver_stats" has no generation 9; generation 1 is in force
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f driver_stats@x:trips",
            1,
            #"""
            error: invalid feature reference "driver_stats@x:trips"; the form is view:feature, or view@v2:feature for a generation of the view
            """#
        ),
        GoldenMistake(
            "get-online-features -e driver_id=1001 -f :trips",
            1,
            #"""
            error: invalid feature reference ":trips"; the form is view:feature, or view@v2:feature for a generation of the view
            """#
        ),
        GoldenMistake(
            "infer-schema nope",
            1,
            #"""
            error: there is no feature view "nope"; the feature views are: driver_recent, driver_stats
            """#
        ),
        GoldenMistake(
            "feature-views describe nope",
            1,
            #"""
            error: there is no feature view "nope"; the feature views are: driver_recent, driver_stats
            """#
        ),
        GoldenMistake(
            "feature-services describe activty",
            1,
            #"""
            error: there is no feature service "activty"; did you mean "activity"?
            """#
        ),
    ]
}
