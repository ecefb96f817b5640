import FeatureModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FeatureCompute
@testable import FeatureServer
@testable import FeatureStoreKit

/// A matrix as a client reads it, number by number from the page that describes it.
struct Matrix {
    var values: [[Float]] = []
    var isNull: [[Bool]] = []
    var statuses: [[UInt8]] = []
    var rounded: [Int] = []
    var names: [String] = []

    init(_ bytes: [UInt8]) throws {
        func number(_ offset: Int, size: Int = 8) -> Int {
            (0..<size).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        try #require(String(decoding: bytes[..<6], as: UTF8.self) == "fstf32")
        try #require(number(6, size: 2) == 1)
        let (rows, features) = (number(8), number(16))
        let (values, nulls, statuses) = (number(24), number(32), number(40))
        let (rounded, names) = (number(48), number(56))
        try #require(values % 64 == 0 && rounded % 8 == 0)
        for row in 0..<rows {
            let cells = (0..<features).map { row * features + $0 }
            self.values.append(
                cells.map { Float(bitPattern: UInt32(number(values + $0 * 4, size: 4))) }
            )
            self.isNull.append(cells.map { bytes[nulls + $0 / 8] >> UInt8($0 % 8) & 1 == 1 })
            self.statuses.append(cells.map { bytes[statuses + $0] })
        }
        self.rounded = (0..<features).map { number(rounded + $0 * 8) }
        self.names = try JSONDecoder().decode([String].self, from: Data(bytes[names...]))
    }
}

private func matrix(_ features: OnlineFeatures) throws -> Matrix {
    try Matrix(FeatureMatrixEncoder.encode(features))
}

/// The values of one column.
private func values(_ column: Column) throws -> (values: [Float], rounded: Int) {
    let matrix = try matrix(answer(entities: [], features: [feature("f", column)]))
    return (matrix.values.map { $0[0] }, matrix.rounded[0])
}

@Suite struct FeatureMatrixTests {
    @Test("The bytes are those of the page, one by one")
    func writesTheBytesOfThePage() {
        let features = answer(
            entities: [("driver_id", answerColumn(.int64, [1, 2]))],
            features: [
                feature(
                    "conv_rate",
                    answerColumn(.float32, [0.5, nil]),
                    statuses: [.present, .notFound]
                ),
                feature("trips", answerColumn(.int64, [16_777_217, 3])),
            ]
        )
        var expected: [UInt8] = Array("fstf32".utf8) + [1, 0]
        for number in [2, 2, 64, 100, 96, 80, 101] as [UInt8] {
            expected += [number, 0, 0, 0, 0, 0, 0, 0]
        }
        expected += [0, 0, 0, 0x3F, 0, 0, 0x80, 0x4B]  // 0.5, 16777216
        expected += [0, 0, 0xC0, 0x7F, 0, 0, 0x40, 0x40]  // NaN, 3
        expected += [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]  // one of the trips is rounded
        expected += [1, 1, 3, 1]
        expected += [0b0100]
        expected += Array(#"["conv_rate","trips"]"#.utf8)
        #expect(FeatureMatrixEncoder.encode(features) == expected)
    }

    @Test("Without rows or without features there is a header and the names")
    func writesEmptyMatrices() throws {
        let none = try matrix(answer(entities: [], features: []))
        #expect(none.values.isEmpty && none.names.isEmpty)
        let noRows = try matrix(
            answer(entities: [], features: [feature("f", answerColumn(.float64, []))])
        )
        #expect(noRows.values.isEmpty && noRows.names == ["f"] && noRows.rounded == [0])
    }

    @Test("Every kind of number is the nearest float32, and what is rounded is counted")
    func roundsAndCounts() throws {
        let largest = Double(Float.greatestFiniteMagnitude)
        let floats = try values(
            answerColumn(
                .float64,
                [0.5, 0.1, -0.0, .float(.infinity), .float(1e300), .float(largest), 1e-60]
            )
        )
        #expect(
            floats.values == [0.5, 0.1, -0.0, .infinity, .infinity, .greatestFiniteMagnitude, 0]
        )
        #expect(floats.values[2].sign == .minus)
        #expect(floats.rounded == 3)

        let nan = try matrix(
            answer(entities: [], features: [feature("f", answerColumn(.float64, [.float(.nan)]))])
        )
        #expect(nan.values[0][0].isNaN && !nan.isNull[0][0] && nan.rounded == [0])

        let integers = try values(
            answerColumn(.int64, [16_777_216, 16_777_217, .integer(.max), .integer(.min), -3])
        )
        #expect(integers.values == [16_777_216, 16_777_216, 0x1p63, -0x1p63, -3])
        #expect(integers.rounded == 2)
        #expect(try values(answerColumn(.int32, [.integer(Int64(Int32.max)), 7])).rounded == 1)

        let bools = try values(answerColumn(.bool, [true, false]))
        #expect(bools.values == [1, 0] && bools.rounded == 0)

        let times = try values(
            answerColumn(
                .unixTimestamp,
                [
                    .timestamp(.epoch), .timestamp(Timestamp(microseconds: 1_500_000)),
                    .timestamp(Timestamp(microseconds: -250_000)),
                    .timestamp(Timestamp(microseconds: 1)),
                    .timestamp(Timestamp(microseconds: 1_768_046_400_000_000)),
                    .timestamp(Timestamp(microseconds: 1_768_046_401_000_000)),
                ]
            )
        )
        #expect(
            times.values == [0, 1.5, -0.25, 1e-6, 1_768_046_336, 1_768_046_464]
        )
        #expect(times.rounded == 3)
    }

    @Test("What is no number is named with its type")
    func namesWhatIsNoNumber() {
        let types: [ValueType] = [
            .string, .bytes, .array(.float32), .map, .json, .uuid, .decimal, .bool, .unixTimestamp,
            .int32, .int64, .float32, .float64,
        ]
        let features = types.map { feature("\($0)", ColumnBuilder(type: $0).finish()) }
        #expect(
            FeatureMatrixEncoder.unfit(answer(entities: [], features: features)).map(\.name)
                == ["string", "bytes", "array(float32)", "map", "json", "uuid", "decimal"]
        )
    }

    @Test("Random answers hold the same values, nulls and statuses as in JSON")
    func agreesWithJSON() throws {
        for seed in 0..<150 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let features = randomAnswer(&generator)
            let matrix = try matrix(features)
            let body = try #require(
                JSONSerialization.jsonObject(with: Data(OnlineResponseEncoder.encode(features)))
                    as? [String: Any]
            )
            let results = try #require(body["results"] as? [[String: Any]])
            try #require(results.count == features.features.count)
            for (index, result) in results.enumerated() {
                let cells = try #require(result["values"] as? [Any])
                let statuses = try #require(result["statuses"] as? [String])
                for row in 0..<features.rowCount {
                    let value = matrix.values[row][index]
                    switch (cells[row], features.features[index].values.type) {
                    case (is NSNull, _):
                        #expect(value.isNaN && matrix.isNull[row][index])
                        continue
                    case (let text as String, _):
                        #expect(
                            value.description.lowercased().prefix(3) == text.lowercased().prefix(3)
                        )
                    case (let number as NSNumber, .int64):
                        #expect(value == Float(number.int64Value))
                    case (let number as NSNumber, .unixTimestamp):
                        // JSON has whole seconds.
                        #expect(
                            abs(Double(value) - number.doubleValue)
                                <= max(1, abs(number.doubleValue) * 0x1p-23)
                        )
                    case (let number as NSNumber, _):
                        #expect(value == Float(number.doubleValue))
                    default: Issue.record("seed \(seed): \(cells[row])")
                    }
                    #expect(!matrix.isNull[row][index])
                }
                #expect(
                    (0..<features.rowCount).map { matrix.statuses[$0][index] }
                        == statuses.map(number(ofStatus:))
                )
            }
        }
    }

    private func number(ofStatus name: String) -> UInt8 {
        ["INVALID": 0, "PRESENT": 1, "NULL_VALUE": 2, "NOT_FOUND": 3, "OUTSIDE_MAX_AGE": 4][name]
            ?? 255
    }

    /// Up to six columns of numbers with up to 600 rows: more than one tile.
    private func randomAnswer(_ generator: inout SeededGenerator) -> OnlineFeatures {
        let types: [ValueType] = [.int32, .int64, .float32, .float64, .bool, .unixTimestamp]
        let rowCount =
            Bool.random(using: &generator)
            ? Int.random(in: 0...9, using: &generator)
            : Int.random(in: 250...600, using: &generator)
        let columns = (0..<Int.random(in: 1...6, using: &generator)).map { index in
            let type = types[Int.random(in: 0..<types.count, using: &generator)]
            let hasNulls = Bool.random(using: &generator)
            var statuses: [FeatureStatus] = []
            let values = (0..<rowCount).map { _ -> Value in
                if hasNulls, Int.random(in: 0..<4, using: &generator) == 0 {
                    let unknown: [FeatureStatus] = [.nullValue, .notFound, .outsideMaxAge]
                    statuses.append(unknown[Int.random(in: 0..<3, using: &generator)])
                    return .null
                }
                statuses.append(.present)
                return randomNumber(type, &generator)
            }
            return feature("f\(index)", answerColumn(type, values), statuses: statuses)
        }
        return OnlineFeatures(entities: [], features: columns, rowCount: rowCount)
    }

    private func randomNumber(_ type: ValueType, _ generator: inout SeededGenerator) -> Value {
        switch type {
        case .int32: .integer(Int64(Int32(truncatingIfNeeded: generator.next())))
        case .int64: .integer(Int64(bitPattern: generator.next() >> (generator.next() % 64)))
        case .bool: .bool(Bool.random(using: &generator))
        case .unixTimestamp:
            .timestamp(
                Timestamp(
                    microseconds: Int64.random(in: -9_000...9_000, using: &generator) * 250_001
                )
            )
        default:
            switch Int.random(in: 0..<9, using: &generator) {
            case 0: .float(.nan)
            case 1: .float(-.infinity)
            default: .float(Double.random(in: -1e6...1e6, using: &generator))
            }
        }
    }
}

extension ServerTests {
    @Suite struct MatrixAnswers {
        private let accept = "Accept: application/x-fstore-f32\r\n"

        private func post(
            _ serving: FakeServing,
            headers: String,
            limits: ServerLimits = testLimits(),
            body: String = readBody
        ) async throws -> Reply {
            try await withServer(serving, limits: limits) { server in
                try await onThread {
                    let socket = try server.connect()
                    try socket.post(readPath, body, headers: headers)
                    return try #require(try socket.reply())
                }
            }
        }

        private var numbers: FakeServing {
            FakeServing(read: { (_) throws(FeatureStoreError) in
                answer(
                    entities: [("k", answerColumn(.int64, [1, 2]))],
                    features: [feature("b", answerColumn(.float32, [0.25, -3]))]
                )
            })
        }

        @Test func answersWithTheMatrixWhoeverAsksForIt() async throws {
            let limits = [testLimits(), smallLimits]
            for limits in limits {
                let reply = try await self.post(self.numbers, headers: self.accept, limits: limits)
                #expect(reply.status == 200)
                #expect(reply.headers.contains("content-type: application/x-fstore-f32"))
                #expect(try Matrix(reply.bytes).values == [[0.25], [-3]])
            }
        }

        /// With these, every read leaves the event loop.
        private var smallLimits: ServerLimits {
            var limits = testLimits()
            limits.maximumCellsOnEventLoop = 0
            return limits
        }

        @Test func answersWithJSONWhoeverPrefersIt() async throws {
            let others = [
                "", "Accept: */*\r\n", "Accept: text/html\r\n",
                "Accept: application/json, application/x-fstore-f32\r\n",
                "Accept: application/x-fstore-f32;q=0.5, */*\r\n",
                "Accept: application/x-fstore-f32;q=0\r\n",
            ]
            for headers in others {
                let reply = try await self.post(self.numbers, headers: headers)
                #expect(reply.headers.contains("content-type: application/json"), "\(headers)")
            }
            let preferred = "Accept: application/json;q=0.5\r\nAccept: application/x-fstore-f32\r\n"
            let reply = try await self.post(self.numbers, headers: preferred)
            #expect(reply.headers.contains("content-type: application/x-fstore-f32"))
        }

        @Test func refusesWhatIsNoNumberByName() async throws {
            let fake = FakeServing(read: { (_) throws(FeatureStoreError) in capturedFeatures() })
            let reply = try await self.post(fake, headers: self.accept)
            #expect(reply.status == 406)
            #expect(reply.headers.contains("content-type: application/json"))
            #expect(
                reply.body
                    == #"{"detail":"application/x-fstore-f32 holds numbers, booleans and times, "#
                    + #"but \"c_str\" is string; leave out what is no number, make a number of "#
                    + #"it in an on-demand feature view, or ask for application/json."}"#
            )
        }

        @Test func keepsItsErrorsAndLimitsAsJSON() async throws {
            let failing = FakeServing(read: { (_) throws(FeatureStoreError) in
                throw FeatureStoreError(code: .missingJoinKey, message: "no key")
            })
            let missing = try await self.post(failing, headers: self.accept)
            #expect(missing.status == 400 && missing.body == #"{"detail":"no key"}"#)

            var limits = testLimits()
            limits.maximumCells = 1
            let tooMany = try await self.post(self.numbers, headers: self.accept, limits: limits)
            #expect(tooMany.status == 400)
            #expect(tooMany.body.contains("2 entity rows times 1 features are more than the limit"))

            let malformed = try await self.post(self.numbers, headers: self.accept, body: "{")
            #expect(malformed.status == 422)
        }
    }
}
