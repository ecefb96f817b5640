import FeatureModel
import OnlineStores
import TestSupport
import Testing

@Suite struct RowCodecTests {
    @Test(arguments: UInt64(0)..<300)
    func whatIsEncodedIsDecoded(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let layout = RowLayout(schema: randomSchema(&random))
        var encoder = RowEncoder(layout: layout)
        for _ in 0..<3 {
            let values = layout.schema.fields.map { randomCell($0.type, &random) }
            let eventTime = [Int64.min, -1, 0, 5, .max].randomElement(using: &random) ?? 0
            let writeTime = [Int64.min, 0, .max].randomElement(using: &random) ?? 0
            try encoder.encode(values, eventTime: eventTime, writeTime: writeTime)
            let row = encoder.bytes

            try layout.validate(row.span)
            let header = try RowHeader(validating: row.span)
            #expect(header.eventTime == eventTime)
            #expect(header.writeTime == writeTime)
            #expect(header.schemaID == layout.schema.id)
            let decoded = try layout.schema.fields.indices.map { index in
                try layout.testCell(index, in: row)
            }
            #expect(decoded == values)

            try encoder.encode(values, eventTime: eventTime, writeTime: writeTime)
            #expect(encoder.bytes == row, "equal rows are equal bytes")
        }
    }

    @Test(arguments: UInt64(0)..<60)
    func everyTruncationAndEveryFlipIsAnError(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let layout = RowLayout(schema: randomSchema(&random))
        var encoder = RowEncoder(layout: layout)
        let values = layout.schema.fields.map { randomCell($0.type, &random) }
        try encoder.encode(values, eventTime: 1, writeTime: 2)
        let row = encoder.bytes
        for count in 0..<row.count {
            let cut = Array(row.prefix(count))
            #expect(throws: OnlineStoreError.self) { try layout.validate(cut.span) }
            readAllCells(layout, cut)
        }
        for index in row.indices {
            var flipped = row
            flipped[index] ^= UInt8.random(in: 1...255, using: &random)
            #expect(throws: OnlineStoreError.self) { try layout.validate(flipped.span) }
            #expect(throws: OnlineStoreError.self) { _ = try RowHeader(validating: flipped.span) }
            readAllCells(layout, flipped)
        }
        let longer = row + [0]
        #expect(throws: OnlineStoreError.self) { try layout.validate(longer.span) }
    }

    @Test func rowsOfAnotherSchemaAreRefused() throws {
        let fields = [RowField(name: "a", type: .int64)]
        var encoder = RowEncoder(layout: RowLayout(schema: RowSchema(id: 1, fields: fields)))
        try encoder.encode([.integer(1)], eventTime: 0, writeTime: 0)
        let row = encoder.bytes
        #expect(throws: OnlineStoreError.self) {
            try RowLayout(schema: RowSchema(id: 2, fields: fields)).validate(row.span)
        }
        #expect(throws: OnlineStoreError.self) {
            let longer = RowSchema(id: 1, fields: fields + [RowField(name: "b", type: .string)])
            try RowLayout(schema: longer).validate(row.span)
        }
    }

    @Test func aRowIsTheBytesThatAreDrawn() throws {
        let schema = RowSchema(
            id: 0x0201,
            fields: [
                RowField(name: "s", type: .string), RowField(name: "i", type: .int32),
                RowField(name: "n", type: .string), RowField(name: "b", type: .bool),
            ]
        )
        var encoder = RowEncoder(layout: RowLayout(schema: schema))
        try encoder.encode(
            [.bytes(Array("hi".utf8)), .integer(-2), .null, .integer(1)],
            eventTime: 3,
            writeTime: .min
        )
        let expected: [UInt8] = [
            1, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0b0100, 0b1,
            0xFE, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0, 2, 0, 0, 0, 0x68, 0x69,
        ]
        #expect(Array(encoder.bytes.dropLast(4)) == expected)
    }

    @Test func valuesThatDoNotFitAreErrors() throws {
        let fields = [
            RowField(name: "i", type: .int32), RowField(name: "b", type: .bool),
            RowField(name: "f", type: .float32), RowField(name: "s", type: .string),
        ]
        let layout = RowLayout(schema: RowSchema(id: 1, fields: fields))
        let good: [TestCell] = [.integer(1), .integer(1), .float(1), .bytes([])]
        let bad: [(Int, TestCell)] = [
            (0, .integer(1 << 31)), (0, .float(1)), (0, .bytes([])), (1, .integer(2)),
            (2, .integer(1)), (3, .integer(1)), (3, .float(1)), (2, .bytes([])),
        ]
        for (index, cell) in bad {
            var cells = good
            cells[index] = cell
            var encoder = RowEncoder(layout: layout)
            #expect(throws: OnlineStoreError.self) {
                try encoder.encode(cells, eventTime: 0, writeTime: 0)
            }
        }
        var encoder = RowEncoder(layout: layout)
        #expect(throws: OnlineStoreError.self) { try encoder.appendNull() }
        #expect(throws: OnlineStoreError.self) {
            try encoder.encode(Array(good.dropLast()), eventTime: 0, writeTime: 0)
        }
        #expect(throws: OnlineStoreError.self) {
            try encoder.encode(good + [.null], eventTime: 0, writeTime: 0)
        }
        try encoder.encode(good, eventTime: 0, writeTime: 0)
        #expect(throws: OnlineStoreError.self) { try encoder.finish() }
    }
}

/// Cells of damaged rows may be errors or nonsense, but never a trap.
private func readAllCells(_ layout: RowLayout, _ row: [UInt8]) {
    for index in layout.schema.fields.indices {
        if case .bytes(let range)? = try? layout.cell(index, in: row.span) {
            #expect(range.upperBound <= row.count)
        }
    }
}

func randomSchema(_ random: inout SeededGenerator) -> RowSchema {
    let fields = (0..<Int.random(in: 0...20, using: &random)).map { index in
        let name = ValueType.allNames.randomElement(using: &random) ?? ""
        return RowField(name: "f\(index)", type: ValueType(name) ?? .int64)
    }
    return RowSchema(id: .random(in: 0...UInt16.max, using: &random), fields: fields)
}

func randomCell(_ type: ValueType, _ random: inout SeededGenerator) -> TestCell {
    if Int.random(in: 0..<4, using: &random) == 0 {
        return .null
    }
    switch type {
    case .bool:
        return .integer(Int64.random(in: 0...1, using: &random))
    case .int32:
        let values = [0, -1, Int64(Int32.min), Int64(Int32.max)]
        return .integer(values.randomElement(using: &random) ?? 0)
    case .int64, .unixTimestamp:
        return .integer([0, -1, Int64.min, .max].randomElement(using: &random) ?? 0)
    case .float32:
        let values: [Float] = [
            0, -0.0, .nan, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
        ]
        return .float(Double(values.randomElement(using: &random) ?? 0))
    case .float64:
        let values: [Double] = [
            0, -0.0, .nan, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
        ]
        return .float(values.randomElement(using: &random) ?? 0)
    default:
        return .bytes(
            (0..<Int.random(in: 0...5, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        )
    }
}
