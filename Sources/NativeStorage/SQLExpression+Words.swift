extension SQLExpression {
    /// The functions that an expression may call: each is a function of its arguments alone.
    package static let functionNames: Set<String> = [
        // Numbers.
        "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos",
        "cosh", "degrees", "exp", "floor", "ln", "log", "log10", "log2", "max", "min", "mod", "pi",
        "pow", "power", "radians", "round", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
        // Choices.
        "coalesce", "ifnull", "iif", "nullif",
        // Texts and bytes.
        "char", "format", "hex", "instr", "length", "lower", "ltrim", "printf", "replace", "rtrim",
        "substr", "substring", "trim", "typeof", "unicode", "upper",
        // JSON.
        "json", "json_array", "json_array_length", "json_extract", "json_insert", "json_object",
        "json_patch", "json_quote", "json_remove", "json_replace", "json_set", "json_type",
        "json_valid",
        // Times.
        "year", "month", "day", "hour", "minute", "second", "day_of_week",
    ]

    /// The functions behind operators, which SQLite asks about as well.
    static let operatorFunctionNames: Set<String> = ["->", "->>", "glob", "like"]

    /// The functions that hand on one of their arguments, or a part of one, as it is.
    static let choosingFunctions: Set<String> = [
        "coalesce", "ifnull", "iif", "json_extract", "max", "min", "nullif",
    ]

    /// The words of SQL that an expression may have.
    static let keywords: Set<String> = [
        "AND", "AS", "BETWEEN", "CASE", "CAST", "COLLATE", "DISTINCT", "ELSE", "END", "ESCAPE",
        "FALSE", "FROM", "GLOB", "IN", "IS", "ISNULL", "LIKE", "NOT", "NOTNULL", "NULL", "OR",
        "THEN", "TRUE", "WHEN",
    ]

    /// Words of SQL that nobody needs in an expression, and why they are refused.
    static let refusedWords: [String: String] = [
        "CURRENT_DATE": timeReason, "CURRENT_TIME": timeReason, "CURRENT_TIMESTAMP": timeReason,
        "EXISTS": tableReason, "SELECT": tableReason, "VALUES": tableReason, "WITH": tableReason,
        "FILTER": rowReason, "OVER": rowReason, "WINDOW": rowReason,
        "MATCH": "there is no full-text index", "REGEXP": "SQLite has no regular expressions",
        "RAISE": "it stands only in triggers",
    ]

    private static let timeReason = "the time now is no input; take it as request data"
    private static let tableReason = "there are no tables to read"
    private static let rowReason = "it sees one row at a time"

    /// What to say about a function that is not in ``functionNames``.
    static func refusal(ofFunction name: String) -> SQLExpressionError {
        switch name.lowercased() {
        case "date", "datetime", "julianday", "now", "strftime", "time", "timediff", "unixepoch":
            SQLExpressionError(
                "\(name)() would hang on the clock or on time zones",
                fix: "take the time now as request data; a time is whole microseconds since 1970 "
                    + "in UTC, for arithmetic and for year(), month(), day(), hour(), minute(), "
                    + "second() and day_of_week()"
            )
        case "random", "randomblob":
            SQLExpressionError(
                "\(name)() gives something else each time, so training and serving would differ",
                fix: "take it as request data"
            )
        case "avg", "count", "group_concat", "json_group_array", "json_group_object", "sum",
            "total":
            SQLExpressionError(
                "\(name)() is a function of many rows, and an expression sees one row at a time",
                fix: "compute it in the source of a feature view"
            )
        default:
            SQLExpressionError("there is no function \(name)()", function: name)
        }
    }
}
