import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport
import Testing

private func example() throws -> Table {
    let columns: [(String, ValueType, [Value])] = [
        ("n", .int64, [9_007_199_254_740_993, nil]),
        ("f", .float32, [0.1, .float(.nan)]),
        ("b", .bool, [true, nil]),
        ("s", .string, ["a,\"b\"", ""]),
        ("t", .unixTimestamp, [.timestamp(Timestamp(microseconds: 1)), nil]),
        ("y", .bytes, [.bytes([0, 255]), nil]),
    ]
    return Table(
        columns: try columns.map { name, type, values in
            Table.NamedColumn(name: name, column: try Column(type: type, values: values))
        },
        rowCount: 2
    )
}

@Suite struct TableWriterTests {
    @Test("CSV, JSON Lines and SQLite hold the same cells")
    func formats() throws {
        try withTemporaryDirectory { directory in
            let csv = directory.appendingPathComponent("t.csv").path
            try TableWriter.write(try example(), to: .file(path: csv, format: .csv))
            #expect(
                try String(contentsOfFile: csv, encoding: .utf8) == """
                    n,f,b,s,t,y
                    9007199254740993,0.1,true,"a,""b""\",1970-01-01T00:00:00.000001Z,AP8=
                    ,NaN,,"",,

                    """
            )
            let lines = directory.appendingPathComponent("t.jsonl").path
            try TableWriter.write(try example(), to: .file(path: lines, format: .jsonLines))
            #expect(
                try String(contentsOfFile: lines, encoding: .utf8) == """
                    {"n":9007199254740993,"f":0.1,"b":true,"s":"a,\\"b\\"","t":"1970-01-01T00:00:00.000001Z","y":"AP8="}
                    {"n":null,"f":"NaN","b":null,"s":"","t":null,"y":null}

                    """
            )
            let path = directory.appendingPathComponent("t.db").path
            for _ in 0..<2 {
                try TableWriter.write(try example(), to: .sqlite(path: path))
            }
            let database = try SQLiteDatabase(path: path, mode: .readOnly)
            let statement = try database.prepare("SELECT *, typeof(y) FROM training_set")
            var isThere = try statement.step()
            #expect(isThere)
            #expect(statement.integer(at: 0) == 9_007_199_254_740_993)
            #expect(statement.integer(at: 2) == 1)
            #expect(statement.text(at: 4) == "1970-01-01T00:00:00.000001Z")
            #expect(statement.text(at: 6) == "blob")
            isThere = try statement.step()
            #expect(isThere)
            #expect(statement.text(at: 1) == "NaN")
            #expect(statement.text(at: 3) == "")
            isThere = try statement.step()
            #expect(!isThere)
        }
    }

    @Test("The ending of a path names the format")
    func endings() {
        #expect(TableDestination(path: "a/t.csv") == .file(path: "a/t.csv", format: .csv))
        #expect(TableDestination(path: "t.JSONL") == .file(path: "t.JSONL", format: .jsonLines))
        #expect(TableDestination(path: "t.db", table: "x") == .sqlite(path: "t.db", table: "x"))
        #expect(TableDestination(path: "-") == .descriptor(1, format: .csv))
        #expect(TableDestination(path: "t.parquet") == nil)
    }

    @Test("A device takes the bytes, and a directory is refused")
    func devices() throws {
        try TableWriter.write(try example(), to: .file(path: "/dev/null", format: .csv))
        try withTemporaryDirectory { directory in
            _ = #expect(throws: OfflineStoreError.self) {
                try TableWriter.write(try example(), to: .file(path: directory.path, format: .csv))
            }
        }
    }

    @Test("A file that cannot be written is an error that names it")
    func unwritable() throws {
        #expect {
            try TableWriter.write(try example(), to: .file(path: "/no/t.csv", format: .csv))
        } throws: { error in
            ((error as? OfflineStoreError)?.message ?? "").hasPrefix("cannot write /no/t.csv")
        }
    }

    @Test("A symbolic link stays, and what it points to is replaced or made")
    func symbolicLinks() throws {
        try withTemporaryDirectory { directory in
            let manager = FileManager.default
            let folder = directory.appendingPathComponent("real")
            try manager.createDirectory(at: folder, withIntermediateDirectories: false)
            let link = directory.appendingPathComponent("link.csv").path
            try manager.createSymbolicLink(atPath: link, withDestinationPath: "second.csv")
            try manager.createSymbolicLink(
                atPath: directory.appendingPathComponent("second.csv").path,
                withDestinationPath: "real/t.csv"
            )
            let destination = TableDestination.file(path: link, format: .csv)
            for _ in 0..<2 {
                try destination.check()
                try TableWriter.write(try example(), to: destination)
                #expect(try manager.destinationOfSymbolicLink(atPath: link) == "second.csv")
                #expect(try manager.contentsOfDirectory(atPath: folder.path) == ["t.csv"])
                #expect(try EntityTable(path: link).table.rowCount == 2)
            }
            let loop = directory.appendingPathComponent("loop.csv").path
            try manager.createSymbolicLink(atPath: loop, withDestinationPath: "loop.csv")
            #expect {
                try TableWriter.write(try example(), to: .file(path: loop, format: .csv))
            } throws: { error in
                "\(error)".contains("leads to itself")
            }
        }
    }

    @Test("A destination that cannot be written to is known before the work")
    func checks() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path
            for (destination, words) in [
                (TableDestination.file(path: "\(path)/no/t.csv", format: .csv), "\(path)/no; make"),
                (.sqlite(path: "\(path)/no/t.db"), "there is no folder \(path)/no"),
                (.file(path: path, format: .csv), "it is a folder"),
            ] {
                #expect { try destination.check() } throws: { error in
                    (error as? OfflineStoreError)?.message.contains(words) ?? false
                }
            }
            try TableDestination.file(path: "\(path)/t.csv", format: .csv).check()
            try TableDestination.sqlite(path: "\(path)/t.db").check()
            try TableDestination.file(path: "t.csv", format: .csv).check()
            try TableDestination.file(path: "/dev/null", format: .csv).check()
            try TableDestination.descriptor(1, format: .csv).check()
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [])
        }
    }
}

@Suite struct LongTableTests {
    @Test("A long table comes out in the order of its rows", arguments: [1, 70_000, 200_000])
    func order(count: Int) throws {
        let values = (0..<count).map { Value.integer(Int64($0)) }
        let table = Table(
            columns: [
                Table.NamedColumn(name: "n", column: try Column(type: .int64, values: values))
            ],
            rowCount: count
        )
        var text: [UInt8] = []
        TableWriter.stream(table, as: .csv) { piece in
            for index in piece.indices { text.append(piece[index]) }
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(lines == ["n"] + (0..<count).map { Substring(String($0)) })
    }
}
