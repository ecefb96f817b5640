import FeatureModel
import OnlineStores
import TestSupport
import Testing

@Suite struct EntityKeyTests {
    @Test(arguments: UInt64(0)..<200)
    func bytesOrderAsTheValuesDo(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let joinKeys = randomJoinKeys(&random)
        let encoder = try EntityKeyEncoder(joinKeys: joinKeys, viewID: 7)
        #expect(encoder.joinKeys.map(\.name) == joinKeys.map(\.name).sorted())
        let rows = (0..<30).map { _ in joinKeys.map { randomValue($0.type, &random) } }
        let keys = try rows.map { values in
            var bytes: [UInt8] = []
            try encoder.append(values: values, into: &bytes)
            return bytes
        }
        for left in rows.indices {
            let key = keys[left]
            #expect(try encoder.decode(key.span) == rows[left])
            for right in rows.indices {
                let order = naiveOrder(
                    encoder.order.map { rows[left][$0] },
                    encoder.order.map { rows[right][$0] }
                )
                #expect((order < 0) == keys[left].lexicographicallyPrecedes(keys[right]))
                #expect((order == 0) == (keys[left] == keys[right]))
            }
        }
    }

    @Test(arguments: UInt64(0)..<200)
    func damagedKeysAreErrorsOrOtherKeys(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let joinKeys = randomJoinKeys(&random)
        let encoder = try EntityKeyEncoder(joinKeys: joinKeys, viewID: 7)
        let values = joinKeys.map { randomValue($0.type, &random) }
        var key: [UInt8] = []
        try encoder.append(values: values, into: &key)
        for count in 0..<key.count {
            #expect(throws: OnlineStoreError.self) {
                let cut = Array(key.prefix(count))
                _ = try encoder.decode(cut.span)
            }
        }
        for index in key.indices {
            var flipped = key
            flipped[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            if let decoded = try? encoder.decode(flipped.span) {
                #expect(decoded != values)
            }
        }
        for _ in 0..<50 {
            let noise = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                UInt8.random(in: 0...3, using: &random)
            }
            _ = try? encoder.decode(noise.span)
        }
    }

    @Test func keysAreTheBytesThatAreDrawn() throws {
        let keys = [
            Entity.JoinKey(name: "b", type: .int32), Entity.JoinKey(name: "a", type: .string),
        ]
        let encoder = try EntityKeyEncoder(joinKeys: keys, viewID: 0x0102_0304)
        #expect(encoder.order == [1, 0])
        var bytes: [UInt8] = []
        encoder.begin(into: &bytes)
        let text = Array("x\0".utf8)
        encoder.append(bytes: text.span, into: &bytes)
        encoder.append(integer: -1, into: &bytes)
        encoder.finish(into: &bytes)
        let expected: [UInt8] = [
            1, 0x78, 0, 0xFF, 0, 0, 0x7F, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4,
        ]
        #expect(bytes == expected)
        var single: [UInt8] = []
        try encoder.append(values: [.integer(-1), .string("x\0")], into: &single)
        #expect(single == expected)
    }

    @Test func aViewWithoutEntitiesHasOneKey() throws {
        let encoder = try EntityKeyEncoder(joinKeys: [], viewID: 5)
        var bytes: [UInt8] = []
        try encoder.append(values: [], into: &bytes)
        #expect(bytes == [1, 0, 0, 0, 5])
        #expect(try encoder.decode(bytes.span) == [])
    }

    @Test func int32AndInt64OfOneValueAreTheSameKey() throws {
        let keys = try [ValueType.int32, .int64].map { type in
            let joinKeys = [Entity.JoinKey(name: "id", type: type)]
            let encoder = try EntityKeyEncoder(joinKeys: joinKeys, viewID: 1)
            var bytes: [UInt8] = []
            try encoder.append(values: [1001], into: &bytes)
            return bytes
        }
        #expect(keys[0] == keys[1])
    }

    @Test func manyIntegerKeysAreThoseThatSingleValuesMake() throws {
        let joinKeys = [Entity.JoinKey(name: "id", type: .int64)]
        let encoder = try EntityKeyEncoder(joinKeys: joinKeys, viewID: 0x0102_0304)
        let ids: [Int64] = [1001, .min, -1, 0, .max, 1001]
        var expected = KeyBatch()
        var batch = KeyBatch()
        for _ in 0..<2 {
            // The second time after the keys of another view.
            for id in ids {
                try encoder.append(values: [.integer(id)], into: &expected.bytes)
                expected.endKey()
            }
            encoder.appendKeys(integers: ids.span, to: &batch)
            #expect(batch.bytes == expected.bytes)
            #expect(batch.ends == expected.ends)
        }
        let none: [Int64] = []
        encoder.appendKeys(integers: none.span, to: &batch)
        #expect(batch.ends == expected.ends)
    }

    @Test func impossibleKeysAreErrors() throws {
        #expect(throws: OnlineStoreError.self) {
            _ = try EntityKeyEncoder(joinKeys: [.init(name: "a", type: .bool)], viewID: 1)
        }
        #expect(throws: OnlineStoreError.self) {
            _ = try EntityKeyEncoder(
                joinKeys: [.init(name: "a", type: .int64), .init(name: "a", type: .int64)],
                viewID: 1
            )
        }
        let encoder = try EntityKeyEncoder(joinKeys: [.init(name: "a", type: .int32)], viewID: 1)
        let impossible: [[Value]] = [[], [nil], ["1"], [1, 2], [.integer(1 << 31)], [1.0]]
        for values in impossible {
            var bytes: [UInt8] = [42]
            #expect(throws: OnlineStoreError.self) {
                try encoder.append(values: values, into: &bytes)
            }
            #expect(bytes == [42])
        }
    }
}

private func randomJoinKeys(_ random: inout SeededGenerator) -> [Entity.JoinKey] {
    let types: [ValueType] = [.int32, .int64, .string, .bytes, .unixTimestamp]
    return ["c", "a", "b"].shuffled(using: &random)
        .prefix(Int.random(in: 1...3, using: &random))
        .map { Entity.JoinKey(name: $0, type: types.randomElement(using: &random) ?? .int64) }
}

private func randomValue(_ type: ValueType, _ random: inout SeededGenerator) -> Value {
    let letters: [UInt8] = [0, 1, 0x61, 0x7F]
    let short = (0..<Int.random(in: 0...3, using: &random)).map { _ -> UInt8 in
        letters.randomElement(using: &random) ?? 0
    }
    switch type {
    case .int32:
        let values = [-2, -1, 0, 1, Int64(Int32.max), Int64(Int32.min)]
        return .integer(values.randomElement(using: &random) ?? 0)
    case .int64:
        return .integer([-1, 0, 1, 256, .max, .min].randomElement(using: &random) ?? 0)
    case .unixTimestamp:
        let microseconds = [-1, 0, 1, Int64.max, .min].randomElement(using: &random) ?? 0
        return .timestamp(Timestamp(microseconds: microseconds))
    case .string:
        return .string(String(decoding: short, as: UTF8.self) + (short.count == 3 ? "ü" : ""))
    default:
        return .bytes(short + (short.count == 2 ? [255] : []))
    }
}

/// The order of two keys by their values, component by component.
private func naiveOrder(_ left: [Value], _ right: [Value]) -> Int {
    for (left, right) in zip(left, right) where left != right {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): return left < right ? -1 : 1
        case (.timestamp(let left), .timestamp(let right)): return left < right ? -1 : 1
        case (.string(let left), .string(let right)):
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        case (.bytes(let left), .bytes(let right)):
            return left.lexicographicallyPrecedes(right) ? -1 : 1
        default: return 2
        }
    }
    return 0
}
