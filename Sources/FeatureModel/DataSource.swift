/// Where the rows of feature views come from.
public struct DataSource: Hashable, Codable, Sendable {
    /// The kind of a source, and what only that kind has.
    public enum Kind: Hashable, Codable, Sendable {
        /// Text with a header line, RFC 4180.
        case csv(CSVOptions)
        /// A table, or the rows of a query, in an SQLite database.
        case sqlite(SQLiteOptions)
        /// Rows that are pushed, on top of the history of a batch source if it names one.
        case push(PushOptions)
        /// Values that come with each request, for on-demand feature views.
        case request(RequestOptions)
    }

    /// How to read a CSV source.
    public struct CSVOptions: Hashable, Codable, Sendable {
        /// A file, a glob (`data/*.csv`) or gzipped text (`*.csv.gz`), relative to the repository.
        public var path: String
        /// One ASCII character between fields.
        public var delimiter: String
        /// Unquoted fields that mean null.
        public var nullValues: [String]

        /// CSV options; by default commas, and the empty field alone is null.
        public init(path: String, delimiter: String = ",", nullValues: [String] = [""]) {
            self.path = path
            self.delimiter = delimiter
            self.nullValues = nullValues
        }
    }

    /// How to read an SQLite source.
    public struct SQLiteOptions: Hashable, Codable, Sendable {
        /// What to select from.
        public enum Relation: Hashable, Codable, Sendable {
            /// A table or view of the database.
            case table(String)
            /// One SELECT statement.
            case query(String)
        }

        /// The database file, relative to the repository; `nil` for the offline store's own file.
        public var path: String?
        /// What to select from.
        public var relation: Relation

        /// SQLite options.
        public init(path: String? = nil, relation: Relation) {
            self.path = path
            self.relation = relation
        }
    }

    /// What a push source adds to.
    public struct PushOptions: Hashable, Codable, Sendable {
        /// The name of the CSV or SQLite source that holds the history; `nil` when all history is
        /// pushed.
        public var batchSource: String?

        /// Push options.
        public init(batchSource: String? = nil) {
            self.batchSource = batchSource
        }
    }

    /// What a request must bring.
    public struct RequestOptions: Hashable, Codable, Sendable {
        /// The values, with their types.
        public var schema: [Field]

        /// Request options.
        public init(schema: [Field]) {
            self.schema = schema
        }
    }

    /// The source's name, unique in a project.
    public var name: String
    /// The kind of source.
    public var kind: Kind
    /// The column of event times; `nil` for a static table, whose rows are valid at all times.
    public var timestampField: String?
    /// The column that says when a row became known; breaks ties between equal event times.
    public var createdTimestampColumn: String?
    /// Names of columns in the source → the names that features, keys and times have here.
    public var fieldMapping: [String: String]
    /// An IANA time zone for times without zone; `nil` for UTC.
    public var timezone: String?
    /// How much later than its event time a row may arrive, in microseconds.
    ///
    /// Loads find late rows however late they are, so this only tells people.
    public var latenessMicroseconds: Int64
    /// What the source is, for people.
    public var description: String
    /// Free labels.
    public var tags: [String: String]
    /// Who answers for it.
    public var owner: String

    /// A source.
    public init(
        name: String,
        kind: Kind,
        timestampField: String? = nil,
        createdTimestampColumn: String? = nil,
        fieldMapping: [String: String] = [:],
        timezone: String? = nil,
        latenessMicroseconds: Int64 = 0,
        description: String = "",
        tags: [String: String] = [:],
        owner: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.timestampField = timestampField
        self.createdTimestampColumn = createdTimestampColumn
        self.fieldMapping = fieldMapping
        self.timezone = timezone
        self.latenessMicroseconds = latenessMicroseconds
        self.description = description
        self.tags = tags
        self.owner = owner
    }

    /// Whether rows have no event time and are valid at all times.
    public var isStatic: Bool { self.timestampField == nil }

    /// The source whose history a push source adds to; `nil` for other kinds, and when it has none.
    public var batchSource: String? {
        guard case .push(let options) = self.kind else { return nil }
        return options.batchSource
    }

    /// Whether rows are pushed to it.
    public var isPush: Bool {
        guard case .push = self.kind else { return false }
        return true
    }

    /// What a request must bring; `nil` for other kinds.
    public var requestSchema: [Field]? {
        guard case .request(let options) = self.kind else { return nil }
        return options.schema
    }

    /// The name that the column with this name here has in the source.
    ///
    /// The reverse of ``fieldMapping``; a name that no mapping gives is the same on both sides.
    public func sourceColumn(for name: String) -> String {
        self.fieldMapping.filter { $0.value == name }.map(\.key).min() ?? name
    }
}
