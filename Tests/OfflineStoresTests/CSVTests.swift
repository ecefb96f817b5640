import FeatureCompute
import FeatureModel
import Foundation
import OfflineStores
import TestSupport
import Testing

private func read(_ text: String) throws -> EntityTable {
    try EntityTable(bytes: Array(text.utf8), file: "f.csv")
}

private func cells(_ text: String) throws -> [[Value]] {
    let table = try read(text).table
    return (0..<table.rowCount).map { row in table.columns.map { $0.column[row] } }
}

@Suite struct CSVTests {
    @Test(
        "Records are what RFC 4180 says",
        arguments: [
            ("a,b\n1,2", [["1", "2"]]),
            ("a,b\r\n1,2\r\n", [["1", "2"]]),
            ("\u{FEFF}a,b\n1,2\n", [["1", "2"]]),
            ("\u{FEFF}\"a\",b\n1,2\n", [["1", "2"]]),
            ("a,b\n,\"\"\n", [[nil, ""]]),
            ("a,b\n1,\n", [["1", nil]]),
            ("a,b\n1,", [["1", nil]]),
            ("a,b\n\"x\ny\",\"p,q\"\n", [["x\ny", "p,q"]]),
            ("a,b\n\"x\r\ny\",\"\"\"\"\n", [["x\r\ny", "\""]]),
            ("a,b\n\n1,2\n\r\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
            ("a,b\nx\"y\",z\n", [["x\"y\"", "z"]]),
            ("a,b\n 1 ,\" 2 \"\n", [[" 1 ", " 2 "]]),
            ("a,b\nx\ry,z\n", [["x\ry", "z"]]),
            ("a\n\"\"\n\n", [[""], [nil]]),
            ("\n\na\n\n1\r\n\r\n2", [[nil], ["1"], [nil], ["2"]]),
            ("a\n", []),
            ("a", []),
            ("a\r\n\r\n", [[nil]]),
            ("a,b\n1,\"2\"", [["1", "2"]]),
            ("a,b\n1,2\r", [["1", "2"]]),
            ("a,b", []),
        ] as [(String, [[String?]])]
    )
    func records(text: String, expected: [[String?]]) throws {
        #expect(try cells(text) == expected.map { $0.map { $0.map { .string($0) } ?? .null } })
    }

    @Test("Names are code points: two spellings of one letter are two columns")
    func namesAreCodePoints() throws {
        let table = try read("\u{E9},e\u{301}\n1,2\n").table

        #expect(table.columnNames.map { Array($0.utf8) } == [[0xC3, 0xA9], [0x65, 0xCC, 0x81]])
        #expect(table["\u{E9}"]?[0] == "1")
        #expect(table["e\u{301}"]?[0] == "2")
    }

    @Test(
        "Broken files are refused, with the line",
        arguments: [
            ("", "f.csv: the file is empty"),
            ("a,,b\n", "f.csv:1: column 2 has no name"),
            ("a,a\n", "f.csv:1: two columns are called \"a\""),
            ("a,b\n1,2\n\"x\ny,z\n", "f.csv:3: a quoted field"),
            ("a,b\n\"x\ny\",1\n\"p\"q,2\n", "f.csv:4: there is text after a closing quote"),
            (
                "a,b\n1,2\n3\n",
                "f.csv:3: the row has 1 fields, the header 2; a field with a comma in it needs quotes"
            ),
        ]
    )
    func brokenFiles(text: String, message: String) {
        #expect { try read(text) } throws: { error in
            ((error as? OfflineStoreError)?.message ?? "").hasPrefix(message)
        }
    }

    @Test(
        "What is written reads back the same, whatever the fields hold",
        arguments: UInt64(0)..<60
    )
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = [
            "a", "\"", ",", "\n", "\r", " ", "é", "\u{1F600}", "\t", "\u{FEFF}", "e\u{301}",
        ]
        let columns = try (0..<Int.random(in: 2...4, using: &random)).map { index in
            let values = (0..<12).map { _ -> Value in
                if Int.random(in: 0..<5, using: &random) == 0 { return .null }
                let length = Int.random(in: 0...5, using: &random)
                return .string(
                    (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
                )
            }
            return Table.NamedColumn(
                name: "c\(index)\"",
                column: try Column(type: .string, values: values)
            )
        }
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("t.csv").path
            try TableWriter.write(
                Table(columns: columns, rowCount: 12),
                to: .file(path: path, format: .csv)
            )
            let back = try EntityTable(path: path).table
            #expect(back.columnNames == columns.map(\.name))
            for column in columns {
                let values = back[column.name]?.values ?? []
                #expect(values.count == 12)
                for (left, right) in zip(values, column.column.values) {
                    // `==` of strings would take two spellings of one letter for the same.
                    #expect(scalars(left) == scalars(right))
                }
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["t.csv"]
            )
        }
    }

    private func scalars(_ value: Value) -> [Unicode.Scalar]? {
        guard case .string(let text) = value else { return nil }
        return Array(text.unicodeScalars)
    }
}
