import FeatureCompute
import FeatureModel
import FeatureStoreKit

/// The body of a `/get-historical-features` request.
struct TrainingSetRequest: Sendable {
    /// The entity rows as they came: text as in a CSV file, and which of the values had quotes.
    struct GivenRows: Sendable {
        /// A column's name, and by row whether its value is a JSON string.
        var columns: [(name: String, isString: Bitmap)] = []
        /// The values as text, letter for letter.
        var table = Table(columns: [], rowCount: 0)
    }

    /// Which features are wanted.
    let selection: FeatureSelection
    /// The entity rows; `nil` for all keys.
    let rows: GivenRows?
    /// Where the store gets the entity rows from.
    let entities: EntityRowsInput
    /// How the set is made.
    var options: HistoricalFeaturesOptions

    /// Reads a body; unknown keys are ignored, and a key of value null counts as absent.
    ///
    /// - Throws: The answer to a body that is no JSON, lacks a part, or has parts that exclude each
    ///   other.
    init(json: Span<UInt8>) throws(RequestError) {
        var body = TrainingSetBody()
        var parser = JSONParser(json)
        try body.read(from: &parser)
        self.selection = try FeatureSelection(service: body.service, features: body.features)
        self.rows = body.rows
        self.entities = try body.entities()
        self.options = body.options
    }
}

/// The parts of a body, as far as they have been read.
private struct TrainingSetBody {
    var features: [String]?
    var service: String?
    var rows: TrainingSetRequest.GivenRows?
    var start: Timestamp?
    var end: Timestamp?
    var every: Int64?
    var options = HistoricalFeaturesOptions()

    mutating func read(from parser: inout JSONParser) throws(RequestError) {
        var members = try MemberReader(&parser)
        while let key = try members.next(&parser) {
            switch key {
            case "features": self.features = try parser.takeStrings(at: [.key(key)])
            case "feature_service": self.service = try parser.takeOptionalString(at: [.key(key)])
            case "entities": self.rows = try parser.takeEntityRows()
            case "start_date": self.start = try parser.takeTime(key)
            case "end_date": self.end = try parser.takeTime(key)
            case "every": self.every = try parser.takeDuration(key)
            case "timestamp_field":
                if let name = try parser.takeOptionalString(at: [.key(key)]) {
                    self.options.timestampField = name
                }
            case "full_feature_names":
                self.options.fullFeatureNames =
                    try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            case "filter_by_created_timestamp":
                self.options.filterByCreatedTimestamp =
                    try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            case "strict":
                self.options.strict = try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            default: try parser.skipValue()
            }
        }
        try parser.finish()
    }

    func entities() throws(RequestError) -> EntityRowsInput {
        let hasDates = self.start != nil || self.end != nil
        if let rows = self.rows {
            guard !hasDates, self.every == nil else {
                throw .badRequest(
                    "Cannot specify both entities and start_date/end_date/every; give the entity "
                        + "rows, or the dates for all keys."
                )
            }
            return .table(rows.table)
        }
        guard hasDates else { throw .missing("entities") }
        guard self.every == nil || self.start != nil else {
            throw .badRequest("\"every\" counts from \"start_date\"; give one.")
        }
        return .keys(from: self.start, to: self.end, everyMicroseconds: self.every)
    }
}

extension JSONParser {
    /// Takes a time as text or as seconds since 1970; `nil` for null.
    fileprivate mutating func takeTime(_ key: String) throws(RequestError) -> Timestamp? {
        var text: [UInt8] = []
        switch try self.peek() {
        case .null:
            try self.takeNull()
            return nil
        case .string: text = Array(try self.takeString().utf8)
        case .number: try self.takeNumber(appendingTextTo: &text)
        default:
            throw .invalid(
                "datetime_type",
                at: [.key(key)],
                "Input should be a valid datetime"
            )
        }
        let string = String(decoding: text, as: UTF8.self)
        guard let time = Timestamp(string) else {
            throw .badRequest(
                "Invalid timestamp format of \"\(key)\": \"\(string)\"; write it as "
                    + "2026-01-10T12:00:00Z"
            )
        }
        return time
    }

    /// Takes a duration such as `1d`, in microseconds; `nil` for null.
    fileprivate mutating func takeDuration(_ key: String) throws(RequestError) -> Int64? {
        guard let text = try self.takeOptionalString(at: [.key(key)]) else { return nil }
        guard let duration = DurationText.microseconds(text), duration > 0 else {
            throw .badRequest(
                "\"\(key)\" is \"\(text)\", which is no duration; "
                    + "write it as 90s, 15m, 6h, 1d or 2w."
            )
        }
        return duration
    }

    /// Takes the entity rows, a list of values for each column; `nil` for null.
    fileprivate mutating func takeEntityRows() throws(RequestError) -> TrainingSetRequest.GivenRows?
    {
        let place = RequestError.LocationStep.key("entities")
        guard try self.enterColumns("entities", of: "column") else { return nil }
        var rows = TrainingSetRequest.GivenRows()
        var columns: [Table.NamedColumn] = []
        while let name = try self.nextColumn("entities", index: columns.count) {
            // As the table compares them: code point by code point.
            guard !columns.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw .invalid("value_error", at: [place, .key(name)], "The column is given twice")
            }
            let (column, isString) = try self.takeColumn(name)
            rows.columns.append((name, isString))
            columns.append(Table.NamedColumn(name: name, column: column))
        }
        let count = columns.first?.column.count ?? 0
        if let first = columns.first,
            let other = columns.first(where: { $0.column.count != count })
        {
            throw .badRequest(
                "All columns of the entity rows must have the same length: \"\(first.name)\" has "
                    + "\(countedNoun(count, "value")), but \"\(other.name)\" has "
                    + "\(other.column.count)."
            )
        }
        rows.table = Table(columns: columns, rowCount: count)
        return rows
    }

    /// Takes the values of a list whose beginning was taken.
    private mutating func takeColumn(
        _ name: String
    ) throws(RequestError) -> (column: Column, isString: Bitmap) {
        var builder = ColumnBuilder(type: .string)
        var isString = Bitmap(count: 0)
        var text: [UInt8] = []
        while try self.hasElement() {
            text.removeAll(keepingCapacity: true)
            let kind = try self.peek()
            switch kind {
            case .null:
                try self.takeNull()
                builder.appendNull()
                isString.append(false)
                continue
            case .string: text.append(contentsOf: try self.takeString().utf8)
            case .number: try self.takeNumber(appendingTextTo: &text)
            case .boolean:
                text.append(contentsOf: (try self.takeBoolean() ? "true" : "false").utf8)
            case .object, .array:
                throw .invalid(
                    "value_error",
                    at: [.key("entities"), .key(name), .index(builder.count)],
                    "Input should be a number, a string, a boolean or null"
                )
            }
            builder.append(bytes: text.span)
            isString.append(kind == .string)
        }
        return (builder.finish(), isString)
    }
}
