let viewMistakes = [
    Mistake(
        "ttl: 1d",
        "tll: 1d",
        "all.yaml:14:5: error: feature view \"weather\" has an unknown key \"tll\"; "
            + "did you mean \"ttl\"?"
    ),
    Mistake(
        "ttl: 1d",
        "ttl: 1 day",
        "all.yaml:14:10: error: \"ttl\" of feature view \"weather\" must be a "
            + "duration, not the text \"1 day\"; write a whole number and a unit: 90s, "
            + "15m, 6h, 1d or 2w"
    ),
    Mistake(
        "ttl: 1d",
        "ttl: 86400",
        "all.yaml:14:10: error: \"ttl\" of feature view \"weather\" must be a "
            + "duration, not the number 86400; write a whole number and a unit: 90s, "
            + "15m, 6h, 1d or 2w; for seconds, 86400s"
    ),
    Mistake(
        "ttl: 1d",
        "ttl: -1d",
        "all.yaml:14:10: error: \"ttl\" of feature view \"weather\" must be a "
            + "duration from 0 to 10,000 years, not the text \"-1d\"; write a whole number and a "
            + "unit: 90s, 15m, 6h, 1d or 2w"
    ),
    Mistake(
        "ttl: 1d",
        "ttl: [1d]",
        "all.yaml:14:10: error: \"ttl\" of feature view \"weather\" must be a "
            + "duration, not a list; write a whole number and a unit: 90s, 15m, 6h, 1d " + "or 2w"
    ),
    Mistake(
        "ttl: 1d",
        "ttl:",
        "all.yaml:14:9: error: \"ttl\" of feature view \"weather\" must be a duration, "
            + "not nothing; write a whole number and a unit: 90s, 15m, 6h, 1d or 2w"
    ),
    Mistake(
        "ttl: 1d",
        "online: maybe",
        "all.yaml:14:13: error: \"online\" of feature view \"weather\" must be true or "
            + "false, not the text \"maybe\"; write true or false"
    ),
    Mistake(
        "ttl: 1d",
        "ttl: 1d\n    ttl: 2d",
        "all.yaml:14:5: error: the key \"ttl\" occurs more than once in one map; "
            + "this is the first; keep one of them"
    ),
    Mistake(
        "ttl: 1d",
        "ttl: 1d\n    owner: 5",
        "all.yaml:15:12: error: \"owner\" of feature view \"weather\" must be text, "
            + "not the number 5; put it in quotes: \"5\""
    ),
    Mistake(
        "entities: [airport]",
        "entities: [airprt]",
        "all.yaml:13:16: error: feature view \"weather\" names an unknown entity "
            + "\"airprt\"; did you mean \"airport\"?"
    ),
    Mistake(
        "entities: [airport]",
        "entities: [city]",
        "all.yaml:13:16: error: feature view \"weather\" names an unknown entity "
            + "\"city\"; the entities are: airport"
    ),
    Mistake(
        "entities: [airport]",
        "entities: [airport, airport]",
        "all.yaml:13:25: error: feature view \"weather\" names the entity \"airport\" "
            + "more than once; name it once"
    ),
    Mistake(
        "entities: [airport]",
        "entities: airport",
        "all.yaml:13:15: error: \"entities\" of feature view \"weather\" must be a "
            + "list, not the text \"airport\"; write [a, b], or one \"- …\" line each"
    ),
    Mistake(
        "entities: [airport]",
        "entites: [airport]",
        "all.yaml:13:5: error: feature view \"weather\" has an unknown key "
            + "\"entites\"; did you mean \"entities\"?"
    ),
    Mistake(
        "dtype: float32",
        "dtype: flota32",
        "all.yaml:16:30: error: \"dtype\" of feature \"temp\" of feature view "
            + "\"weather\" is an unknown type \"flota32\"; did you mean \"float32\"?"
    ),
    Mistake(
        "dtype: float32",
        "dtype: double",
        "all.yaml:16:30: error: \"dtype\" of feature \"temp\" of feature view "
            + "\"weather\" is an unknown type \"double\"; did you mean \"float64\"?"
    ),
    Mistake(
        "dtype: float32",
        "dtype: array(map)",
        "all.yaml:16:30: error: \"dtype\" of feature \"temp\" of feature view "
            + "\"weather\" is an unknown type \"array(map)\"; the types are: int32, int64, "
            + "float32, float64, string, bytes, bool, unix_timestamp, array(…) of these, "
            + "map, json, uuid, decimal"
    ),
    Mistake(
        "dtype: float32",
        "dtpye: float32",
        "all.yaml:16:23: error: feature \"temp\" of feature view \"weather\" has an "
            + "unknown key \"dtpye\"; did you mean \"dtype\"?"
    ),
    Mistake(
        "dtype: float32",
        "description: x",
        "all.yaml:16:9: error: feature \"temp\" of feature view \"weather\" has no "
            + "\"dtype\"; add \"dtype: …\""
    ),
    Mistake(
        "name: temp, dtype",
        "dtype",
        "all.yaml:16:9: error: feature 1 of feature view \"weather\" has no \"name\"; "
            + "add \"name: …\""
    ),
    Mistake(
        "name: wind",
        "name: temp",
        "all.yaml:17:9: error: feature view \"weather\" defines the feature \"temp\" "
            + "more than once; rename or remove one of them"
    ),
    Mistake(
        "name: wind",
        "name: airport_id",
        "all.yaml:17:9: error: feature view \"weather\" has a feature named "
            + "\"airport_id\" like a join key of the view; rename or remove the feature"
    ),
    Mistake(
        "name: wind",
        "name: time",
        "all.yaml:17:9: error: feature view \"weather\" has a feature named \"time\" "
            + "like the timestamp field of its source; rename or remove the feature"
    ),
    Mistake(
        "name: wind",
        "name: created",
        "all.yaml:17:9: error: feature view \"weather\" has a feature named "
            + "\"created\" like the created column of its source; rename or remove the " + "feature"
    ),
    Mistake(
        "name: wind",
        "name: event_timestamp",
        "all.yaml:17:9: error: feature view \"weather\" has a feature named "
            + "\"event_timestamp\" like the time column of every result; rename or remove "
            + "the feature"
    ),
    Mistake(
        "name: wind",
        "name: \"a,b\"",
        "all.yaml:17:9: error: feature view \"weather\" has a feature \"a,b\" that has "
            + "a \",\" in its name, which separates names in references; rename it, with "
            + "field_mapping if the column must keep its name"
    ),
    Mistake(
        "source: weather_csv",
        "source: weather_cvs",
        "all.yaml:18:13: error: feature view \"weather\" names an unknown data "
            + "source \"weather_cvs\"; did you mean \"weather_csv\"?"
    ),
    Mistake(
        "source: weather_csv",
        "source: [weather_csv]",
        "all.yaml:18:13: error: \"source\" of feature view \"weather\" must be the "
            + "name of a data source, or the source itself as a map, not a list; write "
            + "source: name, or source: { type: csv, path: … }"
    ),
    Mistake(
        "    source: weather_csv\n",
        "",
        "all.yaml:12:5: error: feature view \"weather\" has no \"source\"; add " + "\"source: …\""
    ),
    Mistake(
        "source: weather_csv",
        "source: { type: csv, pth: a.csv }",
        "all.yaml:18:26: error: data source \"weather_source\" has an unknown key "
            + "\"pth\"; did you mean \"path\"?"
    ),
    Mistake(
        "source: weather_csv",
        "source: { name: weather_csv, type: csv, path: b.csv }",
        "all.yaml:18:13: error: data source \"weather_csv\" is defined again; it is "
            + "defined at all.yaml:6; rename or remove one of them"
    ),
    Mistake(
        "    created_timestamp_column: created\nfeature_views:\n  - name: weather",
        "feature_views:\n  - name: weather\n    filter_by_created_timestamp: true",
        "all.yaml:12:34: error: feature view \"weather\" filters by created "
            + "timestamp, but data source \"weather_csv\" has no created_timestamp_column; "
            + "add created_timestamp_column to the source, or remove the filter"
    ),
    Mistake(
        "- name: weather\n",
        "- name: weather__v2\n",
        "all.yaml:12:11: error: feature view \"weather__v2\" has \"__\" in its name, "
            + "which makes full feature names (view__feature) ambiguous; give it another "
            + "name, with single underscores between words",
        "all.yaml:22:9: error: feature service \"delays_v1\" names an unknown "
            + "feature view \"weather\"; did you mean \"weather__v2\"?"
    ),
    Mistake(
        "feature_services:",
        "  - { name: WEATHER, schema: [{name: a, dtype: bool}], source: weather_csv }\n"
            + "feature_services:",
        "all.yaml:19:5: error: feature view \"WEATHER\" differs only in case from "
            + "\"weather\" at all.yaml:12; rename or remove one of them"
    ),
]

let serviceMistakes = [
    Mistake(
        "- weather: [temp]",
        "- weather: [tmep]",
        "all.yaml:22:19: error: feature service \"delays_v1\" names an unknown "
            + "feature \"tmep\" of feature view \"weather\"; did you mean \"temp\"?"
    ),
    Mistake(
        "- weather: [temp]",
        "- weather: [snow]",
        "all.yaml:22:19: error: feature service \"delays_v1\" names an unknown "
            + "feature \"snow\" of feature view \"weather\"; the features are: temp, wind"
    ),
    Mistake(
        "- weather: [temp]",
        "- wether: [temp]",
        "all.yaml:22:9: error: feature service \"delays_v1\" names an unknown "
            + "feature view \"wether\"; did you mean \"weather\"?"
    ),
    Mistake(
        "- weather: [temp]",
        "- wether",
        "all.yaml:22:9: error: feature service \"delays_v1\" names an unknown "
            + "feature view \"wether\"; did you mean \"weather\"?"
    ),
    Mistake(
        "- weather: [temp]",
        "- weather:temp",
        "all.yaml:22:9: error: feature service \"delays_v1\" names a feature as "
            + "\"weather:temp\"; write \"weather: [temp]\""
    ),
    Mistake(
        "- weather: [temp]",
        "- weather: temp",
        "all.yaml:22:18: error: \"weather\" of \"features\" of feature service "
            + "\"delays_v1\" must be a list, not the text \"temp\"; write [a, b], or one \"- "
            + "…\" line each"
    ),
    Mistake(
        "- weather: [temp]",
        "- weather: []",
        "all.yaml:22:9: error: feature service \"delays_v1\" takes no features of "
            + "\"weather\"; name some, or write the view's name alone for all of them"
    ),
    Mistake(
        "- weather: [temp]",
        "- weather: [temp, wind, temp]",
        "all.yaml:22:31: error: feature service \"delays_v1\" takes the feature "
            + "\"weather:temp\" more than once; take it once, or give the view an alias"
    ),
    Mistake(
        "- weather: [temp]",
        "- weather: [temp]\n      - weather",
        "all.yaml:23:9: error: feature service \"delays_v1\" takes the feature "
            + "\"weather:temp\" more than once; take it once, or give the view an alias"
    ),
    Mistake(
        "- weather: [temp]",
        "- { weather: [temp], other: [a] }",
        "all.yaml:22:9: error: \"features\" of feature service \"delays_v1\" has a map "
            + "with 2 keys in it; write one item for each view, \"- view: [feature, …]\""
    ),
    Mistake(
        "- weather: [temp]",
        "- [weather]",
        "all.yaml:22:9: error: \"features\" of feature service \"delays_v1\" has a "
            + "list in it; write a view's name for all of its features, or \"view: "
            + "[feature, …]\""
    ),
    Mistake(
        "    features:\n      - weather: [temp]",
        "    features: []",
        "all.yaml:21:15: error: feature service \"delays_v1\" has no features; list "
            + "feature views, or features of a view: features: [{ view: [feature] }]"
    ),
]

let fileMistakes = [
    Mistake(
        "entities:\n  - name",
        "entitties:\n  - name",
        "all.yaml:1:1: error: the file has an unknown key \"entitties\"; did you "
            + "mean \"entities\"?"
    ),
    Mistake(
        "feature_services:",
        "saved_datasets:",
        "all.yaml:19:1: error: the file has an unknown key \"saved_datasets\"; the keys are: "
            + "entities, data_sources, feature_views, on_demand_feature_views, "
            + "feature_services"
    ),
    Mistake(
        "entities: [airport]",
        "entities: [airport",
        "all.yaml:14:8: error: this is not YAML: while parsing a flow sequence that begins at "
            + "13:15 did not find expected ',' or ']'; check the indentation, quotes and brackets "
            + "before this place"
    ),
    Mistake(
        "    ttl: 1d",
        "\tttl: 1d",
        "all.yaml:14:1: error: this is not YAML: while scanning for the next token "
            + "found character that cannot start any token; indent with spaces; YAML "
            + "does not allow tabs there"
    ),
    Mistake(
        goodDefinitions,
        "# nothing\n",
        "all.yaml:1:1: error: all.yaml defines nothing; add definitions, or remove " + "the file"
    ),
    Mistake(
        goodDefinitions,
        "- a list\n",
        "all.yaml:1:1: error: the file must be a map, not a list; write \"key: " + "value\" pairs"
    ),
    Mistake(
        goodDefinitions,
        "entities: *missing\n",
        "all.yaml:1:11: error: this is not YAML: found undefined alias; check the "
            + "indentation, quotes and brackets before this place"
    ),
    Mistake(
        goodDefinitions,
        "entities: \"\u{1}\"\n",
        "all.yaml:1:12: error: this is not YAML: control characters are not "
            + "allowed; remove the character, or write it as an escape in double quotes"
    ),
]
