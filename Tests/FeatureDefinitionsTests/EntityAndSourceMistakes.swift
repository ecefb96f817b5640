let entityMistakes = [
    Mistake(
        "- name: airport\n",
        "- nmae: airport\n",
        "all.yaml:2:5: error: item 1 of \"entities\" has an unknown key \"nmae\"; did "
            + "you mean \"name\"?"
    ),
    Mistake(
        "- name: airport\n",
        "- name: 7\n",
        "all.yaml:2:11: error: \"name\" of item 1 of \"entities\" must be text, not "
            + "the number 7; put it in quotes: \"7\""
    ),
    Mistake(
        "- name: airport\n",
        "- name: \"air:port\"\n",
        "all.yaml:2:11: error: entity \"air:port\" has a \":\" in its name, which "
            + "separates names in references; give it another name",
        "all.yaml:13:16: error: feature view \"weather\" names an unknown entity "
            + "\"airport\"; did you mean \"air:port\"?"
    ),
    Mistake(
        "join_keys: [airport_id]",
        "join_keys: airport_id",
        "all.yaml:3:16: error: \"join_keys\" of entity \"airport\" must be a list, not "
            + "the text \"airport_id\"; write [a, b], or one \"- …\" line each"
    ),
    Mistake(
        "join_keys: [airport_id]",
        "join_keys: [airport_id, airport_id]",
        "all.yaml:3:29: error: entity \"airport\" names the join key \"airport_id\" "
            + "more than once; name it once"
    ),
    Mistake(
        "join_keys: [airport_id]",
        "join_keys: [airport_id, city]",
        "all.yaml:4:17: error: entity \"airport\" has 2 join keys, but one "
            + "\"value_type\"; give each its type: value_type: {airport_id: int64, city: "
            + "int64}"
    ),
    Mistake(
        "join_keys: [airport_id]",
        "join_keys: []",
        "all.yaml:3:16: error: entity \"airport\" has no join keys; name the columns "
            + "that identify it: join_keys: [airport_id]"
    ),
    Mistake(
        "join_keys: [airport_id]",
        "join_keys: [airport_id]\n    join_key: a",
        "all.yaml:4:15: error: entity \"airport\" has both \"join_key\" and "
            + "\"join_keys\"; keep join_keys"
    ),
    Mistake(
        "value_type: int64",
        "value_type: int46",
        "all.yaml:4:17: error: \"value_type\" of entity \"airport\" is an unknown type "
            + "\"int46\"; did you mean \"int64\"?"
    ),
    Mistake(
        "value_type: int64",
        "value_type: integer",
        "all.yaml:4:17: error: \"value_type\" of entity \"airport\" is an unknown type "
            + "\"integer\"; did you mean \"int64\"?"
    ),
    Mistake(
        "value_type: int64",
        "value_type: float64",
        "all.yaml:4:17: error: entity \"airport\" has a join key \"airport_id\" of the "
            + "type float64, which keys cannot have; keys are int32, int64, string, "
            + "bytes or unix_timestamp"
    ),
    Mistake(
        "value_type: int64",
        "value_type: [int64]",
        "all.yaml:4:17: error: \"value_type\" of entity \"airport\" must be a type, or "
            + "a map of types by join key, not a list; write value_type: int64, or "
            + "value_type: {key: int64, …}"
    ),
    Mistake(
        "value_type: int64",
        "value_type: { airport: int64 }",
        "all.yaml:4:19: error: \"value_type\" of entity \"airport\" has an unknown key "
            + "\"airport\"; did you mean \"airport_id\"?"
    ),
    Mistake(
        "value_type: int64",
        "value_type: { airport_id: complex }",
        "all.yaml:4:31: error: \"airport_id\" of \"value_type\" of entity \"airport\" is "
            + "an unknown type \"complex\"; the types are: int32, int64, float32, float64, "
            + "string, bytes, bool, unix_timestamp, array(…) of these, map, json, uuid, "
            + "decimal"
    ),
    Mistake(
        "    value_type: int64\n",
        "",
        "all.yaml:2:5: error: entity \"airport\" has no \"value_type\"; add " + "\"value_type: …\""
    ),
    Mistake(
        "value_type: int64",
        "value_type: int64\n    tags: [a]",
        "all.yaml:5:11: error: \"tags\" of entity \"airport\" must be a map, not a "
            + "list; write \"key: value\" pairs"
    ),
    Mistake(
        "value_type: int64",
        "value_type: int64\n    tags: { a: [b] }",
        "all.yaml:5:16: error: \"a\" of \"tags\" of entity \"airport\" must be text, not "
            + "a list; give it one value in quotes"
    ),
    Mistake(
        "data_sources:",
        "  - { name: port, join_key: airport_id, value_type: string }\ndata_sources:",
        "all.yaml:5:53: error: entity \"port\" gives the join key \"airport_id\" the "
            + "type string, but entity \"airport\" gives it int64; give both the same "
            + "type, or name the keys differently"
    ),
    Mistake(
        "data_sources:",
        "  - { name: airport, value_type: string }\ndata_sources:",
        "all.yaml:5:5: error: entity \"airport\" is defined again; it is defined at "
            + "all.yaml:2; rename or remove one of them"
    ),
    Mistake(
        "data_sources:",
        "  - just text\ndata_sources:",
        "all.yaml:5:5: error: item 2 of \"entities\" must be a map, not the text "
            + "\"just text\"; write \"key: value\" pairs"
    ),
]

let sourceMistakes = [
    Mistake(
        "type: csv",
        "type: csvv",
        "all.yaml:7:11: error: data source \"weather_csv\" has an unknown type "
            + "\"csvv\"; did you mean \"csv\"?"
    ),
    Mistake(
        "type: csv",
        "type: parquet",
        "all.yaml:7:11: error: data source \"weather_csv\" has an unknown type "
            + "\"parquet\"; the types are: csv, push, request, sqlite"
    ),
    Mistake(
        "    type: csv\n",
        "",
        "all.yaml:6:5: error: data source \"weather_csv\" has no \"type\"; add \"type: " + "…\""
    ),
    Mistake(
        "    path: data/weather.csv\n",
        "",
        "all.yaml:6:5: error: data source \"weather_csv\" has no \"path\"; add \"path: " + "…\""
    ),
    Mistake(
        "path: data/weather.csv",
        "path: \"\"",
        "all.yaml:8:11: error: \"path\" of data source \"weather_csv\" is empty; give "
            + "it a value or remove the key"
    ),
    Mistake(
        "path: data/weather.csv",
        "path:",
        "all.yaml:8:10: error: \"path\" of data source \"weather_csv\" must be text, "
            + "not nothing; give it a value or remove the key"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    delimiter: ab",
        "all.yaml:9:16: error: \"delimiter\" of data source \"weather_csv\" must be "
            + "one ASCII character, not the text \"ab\"; write it in quotes, such as \";\" "
            + "or \"\\t\"; a double quote or a line break cannot be one"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    null_values: NA",
        "all.yaml:9:18: error: \"null_values\" of data source \"weather_csv\" must be "
            + "a list, not the text \"NA\"; write [a, b], or one \"- …\" line each"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    timezone: Europe/Berln",
        "all.yaml:9:15: error: data source \"weather_csv\" has an unknown time zone "
            + "\"Europe/Berln\"; did you mean \"Europe/Berlin\" or \"Europe/Dublin\" or "
            + "\"Europe/Jersey\"?"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    lateness: 3600",
        "all.yaml:9:15: error: \"lateness\" of data source \"weather_csv\" must be a "
            + "duration, not the number 3600; write a whole number and a unit: 90s, 15m, "
            + "6h, 1d or 2w; for seconds, 3600s"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    table: trips",
        "all.yaml:9:5: error: data source \"weather_csv\" has the key \"table\", which "
            + "a source of the type csv does not have; remove it"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    field_mapping: { a: x, b: x }",
        "all.yaml:9:31: error: data source \"weather_csv\" maps the columns \"a\" and "
            + "\"b\" to one name, \"x\"; give each column its own name"
    ),
    Mistake(
        "path: data/weather.csv",
        "path: a.csv\n    field_mapping: { a: 1 }",
        "all.yaml:9:25: error: \"a\" of \"field_mapping\" of data source \"weather_csv\" "
            + "must be text, not the number 1; put it in quotes: \"1\""
    ),
    Mistake(
        "type: csv",
        "type: sqlite\n    table: t\n    query: SELECT 1",
        "all.yaml:9:12: error: data source \"weather_csv\" has both \"table\" and "
            + "\"query\"; keep one of them"
    ),
    Mistake(
        "type: csv",
        "type: sqlite",
        "all.yaml:6:5: error: data source \"weather_csv\" has neither \"table\" nor "
            + "\"query\"; add \"table: …\" or \"query: SELECT …\""
    ),
    Mistake(
        "type: csv\n    path: data/weather.csv",
        "type: sqlite\n    table: t",
        "all.yaml:6:5: error: data source \"weather_csv\" names no database, and the "
            + "offline store is of the type file; add \"path: …\", or set offline_store: "
            + "{type: sqlite, path: …}"
    ),
    Mistake(
        "- name: weather_csv\n",
        "- name: weather_cvs\n",
        "all.yaml:18:13: error: feature view \"weather\" names an unknown data "
            + "source \"weather_csv\"; did you mean \"weather_cvs\"?"
    ),
]
