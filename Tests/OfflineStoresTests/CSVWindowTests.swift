import FeatureCompute
import FeatureModel
import Foundation
import Glibc
import OfflineStores
import TestSupport
import Testing

private let wholeFile = CSVWindowSize()
private let smallSizes = [1, 2, 3, 7, 64]

/// All that a scan of one file says, for people: rows, counts and bad rows with their lines, or the
/// error.
private func outcome(
    of name: String,
    in directory: URL,
    window: CSVWindowSize,
    source: DataSource? = nil
) -> String {
    let reader = SourceReader(root: directory.path, windowSize: window)
    let source =
        source ?? DataSource(name: "s", kind: .csv(DataSource.CSVOptions(path: name)))
    var report = ScanReport()
    var rows: [[Value]] = []
    do {
        let columns = try reader.columns(of: source).map(\.name)
        // The first column makes most rows bad, so that their lines are seen.
        let features = columns.enumerated().map { index, name in
            Field(name: name, type: index == 0 && columns.count == 3 ? .int64 : .string)
        }
        let scan = SourceScan(source: source, joinKeys: [], features: features)
        try reader.scan(scan, report: &report) { batch in
            for row in 0..<batch.rowCount {
                rows.append(batch.features.map { $0[row] })
            }
        }
    } catch {
        report.unfinished = []
        return "\(rows) \(report) \(error)"
    }
    // How old the file was is another thing for each reading, and a packed one is read whole.
    report.unfinished = []
    return "\(rows) \(report)"
}

private func randomText(_ random: inout SeededGenerator) -> String {
    let pieces = ["a", "1", ",", ",", "\"", "\"\"", "\"x\"", "\n", "\r", "\r\n", "é", "\"p\nq\""]
    var text = Bool.random(using: &random) ? "\u{FEFF}" : ""
    text +=
        ["a\n", "a,b\r\n", "a,b,c\n", "\n\r\na,b,c\n", "\"a\",\"b\nb\"\n"].randomElement(
            using: &random
        ) ?? ""
    for _ in 0..<Int.random(in: 0...40, using: &random) {
        text += pieces.randomElement(using: &random) ?? ""
    }
    return text
}

@Suite struct CSVWindowTests {
    @Test(
        "Windows of any size give the rows, lines and errors of the whole file",
        arguments: [
            "", "a", "a,b", "a,b\r", "a,b\n1,2", "a,b\r\n1,2\r\n\r\n3,4\r\n", "\u{FEFF}a,b\n1,2\n",
            "\u{FEFF}", "\u{FEFF}\"a\",b\n1,2", "a,b\n,\"\"\n", "a,b\n1,",
            "a,b\n\"x\r\ny\",\"p,q\"\n",
            "a,b\n\n1,2\n\r\n\n3,4\n\n", "a,b\nx\ry,z\n\r", "a,b\n1,\"2\"", "a,b\n1,\"2\"\"\"\r\n",
            "a,,b\n", "a,a\n", "a,b\n1,2\n\"x\ny,z\n", "a,b\n\"x\ny\",\"z\n\n",
            "a,b\n\"x\ny\",1\n\"p\"q,2\n", "a,b\n1,2\n3\n", "\"a\nb", "a\n\n1\n\"\"\n\r\n\n",
            "a,b,c\nx,\"\n\n\",3\ny,1,2\n\n1,1,1\n",
        ]
    )
    func corpus(text: String) throws {
        try withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
            let expected = outcome(of: "s.csv", in: directory, window: wholeFile)
            for size in smallSizes {
                let window = CSVWindowSize(initial: size)
                #expect(outcome(of: "s.csv", in: directory, window: window) == expected)
            }
        }
    }

    @Test("Random text, packed or not, is read alike in windows of any size")
    func randomTexts() throws {
        try withTemporaryDirectory { directory in
            var deliveries = 0
            for seed in UInt64(0)..<300 {
                var random = SeededGenerator(seed: seed)
                let bytes = Array(randomText(&random).utf8)
                let middle = Int.random(in: 0...bytes.count, using: &random)
                let packed = gzipFile(members: [Array(bytes[..<middle]), Array(bytes[middle...])])
                let zeros = [UInt8](repeating: 0, count: Int.random(in: 0...2, using: &random))
                try Data(bytes).write(to: directory.appendingPathComponent("s.csv"))
                try Data(packed + zeros).write(to: directory.appendingPathComponent("s.csv.gz"))
                let expected = outcome(of: "s.csv", in: directory, window: wholeFile)
                if expected.contains("rowsKept: 0") { deliveries += 1 }
                for size in smallSizes {
                    let window = CSVWindowSize(initial: size)
                    let plain = outcome(of: "s.csv", in: directory, window: window)
                    #expect(plain == expected, "seed \(seed), window \(size)")
                    let unpacked = outcome(of: "s.csv.gz", in: directory, window: window)
                    #expect(
                        unpacked.replacingOccurrences(of: ".csv.gz", with: ".csv") == expected,
                        "seed \(seed), window \(size), gzip"
                    )
                }
            }
            #expect(deliveries < 250, "too few texts have rows at all")
        }
    }

    @Test("A whole file and an entity file have the same rows", arguments: UInt64(0)..<200)
    func entityFile(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let text = randomText(&random)
        guard let table = try? EntityTable(bytes: Array(text.utf8), file: "e").table,
            table.columns.count != 3
        else { return }
        try withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
            let rows = (0..<table.rowCount).map { row in table.columns.map { $0.column[row] } }
            let scanned = outcome(of: "s.csv", in: directory, window: CSVWindowSize(initial: 5))
            #expect(scanned.hasPrefix("\(rows) "))
        }
    }

    @Test("A long gzip file is unpacked window by window, and its header alone first")
    func longGzip() throws {
        try withTemporaryDirectory { directory in
            var text = "id,x\n"
            for row in 0..<60_000 { text += "\(row),value \(row)\n" }
            let bytes = Array(text.utf8)
            var packed = gzipFile(members: [Array(bytes[..<300_000]), Array(bytes[300_000...])])
            let file = directory.appendingPathComponent("s.csv.gz")
            try Data(packed).write(to: file)
            let source = DataSource(
                name: "s",
                kind: .csv(DataSource.CSVOptions(path: "s.csv.gz"))
            )
            let reader = SourceReader(
                root: directory.path,
                windowSize: CSVWindowSize(initial: 10_000)
            )
            let scan = SourceScan(
                source: source,
                joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
                features: [Field(name: "x", type: .string)]
            )
            var report = ScanReport()
            var keys: [Value] = []
            var fractions: [Double] = []
            try reader.scan(scan, report: &report) { state in
                fractions.append(state.fraction ?? -1)
            } _: { batch in
                keys += batch.keyColumns.first?.values ?? []
            }
            #expect(keys == (0..<60_000).map { .integer($0) })
            #expect(fractions == fractions.sorted() && fractions.count > 100)
            #expect(fractions.last == 1 && fractions.first.map { $0 > 0 && $0 < 0.1 } == true)

            // The check sum at the very end is wrong: nobody sees it who reads the header.
            packed[packed.count - 6] ^= 1
            try Data(packed).write(to: file)
            #expect(try reader.columns(of: source).map(\.name) == ["id", "x"])
            #expect { try reader.scan(scan, report: &report) { _ in } } throws: { error in
                (error as? OfflineStoreError)?.code == .malformedFile
            }
        }
    }

    @Test("Members end anywhere, zeros may follow the last, and nothing else")
    func memberEnds() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("s.csv.gz")
            for length in 65_510...65_516 {
                // 23 bytes more than that in the file: about what is read of it at once.
                let first = Array("a\n".utf8) + [UInt8](repeating: 120, count: length - 3) + [10]
                let members = [first, Array("y\n".utf8)].map { gzipFile(members: [$0]) }
                for zeros in 0..<3 {
                    let filling = [UInt8](repeating: 0, count: zeros)
                    try Data(members[0] + members[1] + filling).write(to: file)
                    let whole = outcome(of: "s.csv.gz", in: directory, window: wholeFile)
                    #expect(whole.contains("rowsKept: 2") && !whole.contains("no intact"))
                    try Data(members[0] + filling + members[1]).write(to: file)
                    let split = outcome(of: "s.csv.gz", in: directory, window: wholeFile)
                    #expect(split.contains("no intact gzip file") == (zeros > 0))
                }
                try Data(members[0] + Array("garbage".utf8)).write(to: file)
                #expect(
                    outcome(of: "s.csv.gz", in: directory, window: wholeFile)
                        .contains("no intact gzip file")
                )
            }
        }
    }

    @Test("A file that is cut short while it is read is an error")
    func cutShort() throws {
        try withTemporaryDirectory { directory in
            var text = "id\n"
            for row in 0..<400_000 { text += "\(row)\n" }
            let path = directory.appendingPathComponent("s.csv").path
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let reader = SourceReader(
                root: directory.path,
                windowSize: CSVWindowSize(initial: 1 << 16)
            )
            let scan = SourceScan(
                source: DataSource(name: "s", kind: .csv(DataSource.CSVOptions(path: "s.csv"))),
                joinKeys: [Entity.JoinKey(name: "id", type: .int64)],
                features: []
            )
            var report = ScanReport()
            #expect {
                try reader.scan(scan, report: &report) { _ in _ = truncate(path, 100) }
            } throws: { error in
                let error = error as? OfflineStoreError
                return error?.code == .inputOutput
                    && error?.message.hasPrefix("\(path): the file became shorter while") == true
            }
            #expect(report.rowsRead > 0)
        }
    }

    @Test("A record that is too long is refused, with its line")
    func tooLong() throws {
        try withTemporaryDirectory { directory in
            let long = String(repeating: "x\n", count: 300)
            try Data("a,b\n1,2\n3,\"\(long)\"\n".utf8)
                .write(to: directory.appendingPathComponent("s.csv"))
            let path = directory.appendingPathComponent("s.csv").path
            let small = CSVWindowSize(initial: 16, maximum: 512)
            #expect(
                outcome(of: "s.csv", in: directory, window: small).contains(
                    "\(path):3: the record that begins here is longer than 512 bytes"
                )
            )
            let large = CSVWindowSize(initial: 16, maximum: 1024)
            #expect(outcome(of: "s.csv", in: directory, window: large).contains("rowsKept: 2"))
        }
    }

    @Test("A quote that is never closed is named by the line that it stands on")
    func unterminated() throws {
        try withTemporaryDirectory { directory in
            let text = "a,b\n1,2\n\"x\ny\",\"z\n" + String(repeating: "w,w\n", count: 50)
            try Data(text.utf8).write(to: directory.appendingPathComponent("s.csv"))
            let path = directory.appendingPathComponent("s.csv").path
            for size in smallSizes {
                let window = CSVWindowSize(initial: size)
                #expect(
                    outcome(of: "s.csv", in: directory, window: window)
                        .contains("\(path):4: a quoted field that begins here is never closed")
                )
            }
        }
    }
}
