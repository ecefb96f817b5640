/// The forms in which a training set is answered.
enum AnswerFormat: AnswerForm {
    /// One object with a list of values for each column.
    case json
    /// A header and a line a row.
    case csv
    /// An object a row, a line each.
    case jsonLines

    /// The value of the answer's `content-type`.
    var contentType: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv; charset=utf-8"
        case .jsonLines: "application/x-ndjson"
        }
    }

    var mediaTypes: [String] {
        switch self {
        case .json: ["application/json"]
        case .csv: ["text/csv"]
        case .jsonLines: ["application/x-ndjson", "application/jsonl"]
        }
    }
}
