import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport
import Testing

/// Values of one column, and the type that they suggest.
struct Inference: Sendable, CustomTestStringConvertible {
    let values: [String]
    let type: String
    let remark: String?

    init(_ type: String, _ values: [String], remark: String? = nil) {
        self.values = values
        self.type = type
        self.remark = remark
    }

    var testDescription: String { self.values.joined(separator: " ") }
}

@Suite struct ProposedSchemaTests {
    static let fields: [Inference] = [
        Inference("int64", ["1", "-7", "0", ""]),
        Inference("int64", ["9223372036854775807", "-9223372036854775808"]),
        Inference("decimal", ["1", "9223372036854775808"], remark: "whole numbers beyond 64 bits"),
        Inference("float64", ["1", "2.5"]),
        Inference("float64", ["3.0"]),
        Inference("float64", ["1e5", "NaN", "-Infinity"]),
        Inference("bool", ["true", "False"]),
        Inference("int64", ["0", "1"]),
        Inference("string", ["t", "f"]),
        Inference("string", ["true", "1"]),
        Inference(
            "string",
            ["007", "008"],
            remark: "digits with leading zeros, which a number would lose"
        ),
        Inference("string", ["+4790000000"]),
        Inference("unix_timestamp", ["2024-01-01T00:00:00Z", "2024-01-02 03:04:05.5+01:00"]),
        Inference("unix_timestamp", ["2024-01-01"]),
        Inference("string", ["2024-01-01", "soon"]),
        Inference("int64", ["1704067200"]),
        Inference("string", ["a", "1"]),
        Inference("string", ["\"\"", "a"]),
        Inference("array(int64)", ["\"[1,2]\"", "[]"]),
        Inference("array(float64)", ["\"[1,2.5]\"", "[3]"]),
        Inference("array(bool)", ["[true]"]),
        Inference("array(string)", [#""["a"]""#]),
        Inference("array(unix_timestamp)", [#""["2024-01-01"]""#]),
        Inference("array(string)", ["[]"], remark: "only empty arrays in the sampled rows"),
        Inference("map", [#""{"a":1}""#, "{}"]),
        Inference("json", [#""{"a":1}""#, "[1]"]),
        Inference("json", ["\"[1,null]\""]),
        Inference("string", ["{a}"]),
        Inference("string", ["", ""], remark: "no value in the sampled rows"),
    ]

    @Test(arguments: Self.fields)
    func `A column of CSV fields suggests a type`(_ inference: Inference) throws {
        let proposal = try self.proposal(
            "c\n" + inference.values.map { $0.csvField + "\n" }.joined()
        )
        #expect(
            proposal.features
                == [
                    .init(
                        name: "c",
                        type: try #require(ValueType(inference.type)),
                        remark: inference.remark
                    )
                ]
        )
        #expect(proposal.sampledRows == inference.values.count)
    }

    @Test(
        arguments: [
            ("INTEGER", "1, 2", "int64"), ("INTEGER", "1, 2.5", "float64"),
            ("INTEGER", "NULL", "int64"), ("REAL", "1.0", "float64"),
            ("DOUBLE", "NULL", "float64"), ("BOOLEAN", "0, 1", "bool"),
            ("BOOLEAN", "0, 2", "int64"), ("TEXT", "'1', '2'", "string"),
            ("TEXT", "'2024-01-01T00:00:00Z'", "unix_timestamp"), ("TEXT", "'{}'", "map"),
            ("VARCHAR(8)", "'true'", "string"), ("BLOB", "X'00'", "bytes"),
            ("BLOB", "NULL", "bytes"), ("DATETIME", "1704067200", "unix_timestamp"),
            ("TIMESTAMP", "NULL", "unix_timestamp"), ("JSON", "'[1]'", "array(int64)"),
            ("", "'a', 1", "string"), ("", "X'00', NULL", "bytes"), ("", "'1'", "int64"),
            ("DECIMAL(9,2)", "1.5, 2", "float64"),
        ]
    )
    func `A column of a table suggests a type`(
        _ declared: String,
        _ values: String,
        _ type: String
    ) throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("a.db").path
            let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
            try database.execute("CREATE TABLE t (k INTEGER, c \(declared))")
            for value in values.split(separator: ", ") {
                try database.execute("INSERT INTO t VALUES (1, \(value))")
            }
            let source = DataSource(
                name: "s",
                kind: .sqlite(.init(path: path, relation: .table("t")))
            )
            let proposal = try SourceReader(root: directory.path).proposedSchema(
                of: FeatureView(name: "v", entities: [], schema: [], source: "s"),
                source: source,
                joinKeys: [.init(name: "K", type: .int64)]
            )
            #expect(proposal.features.map(\.name) == ["c"])
            #expect(proposal.features.map(\.type.description) == [type])
        }
    }

    @Test func `Keys and times are left out, and columns get the names of the mapping`() throws {
        let proposal = try self.proposal(
            "id,at,made,Temp,a:b,event_timestamp,yes\n1,2024-01-01,2024-01-01,1.5,x,y,z\n",
            source: { source in
                source.timestampField = "time"
                source.createdTimestampColumn = "made"
                source.fieldMapping = ["id": "driver_id", "at": "time", "Temp": "temp"]
            },
            joinKeys: [.init(name: "driver_id", type: .int64)]
        )
        #expect(
            proposal.yaml(indentation: 4) == [
                "    schema:", "      - { name: temp, dtype: float64 }",
                "      - { name: \"yes\", dtype: string }",
                "      # column \"a:b\" has a \":\" in its name: give it a name with field_mapping",
                "      # column \"event_timestamp\" has the name of every result's time column: "
                    + "give it a name with field_mapping",
            ]
        )
    }

    @Test func `No more than a thousand rows are looked at`() throws {
        let rows = String(repeating: "1\n", count: 1000)
        let proposal = try self.proposal("c\n" + rows + "word\n")
        #expect(proposal.sampledRows == 1000)
        #expect(proposal.features.map(\.type) == [.int64])
    }

    private func proposal(
        _ text: String,
        source change: (inout DataSource) -> Void = { _ in },
        joinKeys: [Entity.JoinKey] = []
    ) throws -> SchemaProposal {
        try withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: directory.appendingPathComponent("a.csv"))
            var source = DataSource(name: "s", kind: .csv(.init(path: "a.csv")))
            change(&source)
            return try SourceReader(root: directory.path).proposedSchema(
                of: FeatureView(name: "v", entities: [], schema: [], source: "s"),
                source: source,
                joinKeys: joinKeys
            )
        }
    }
}

extension String {
    /// A field as it stands, but that the quotes inside of an outer pair are doubled.
    fileprivate var csvField: String {
        guard self.hasPrefix("\""), self.hasSuffix("\""), self.count > 2 else { return self }
        let inner = self.dropFirst().dropLast()
        return "\"" + inner.replacing("\"", with: "\"\"") + "\""
    }
}
