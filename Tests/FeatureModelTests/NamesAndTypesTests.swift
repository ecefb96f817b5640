import FeatureModel
import TestSupport
import Testing

@Suite struct NamesAndTypesTests {
    @Test(
        arguments: [
            ("0", 0), ("0s", 0), ("90s", 90_000_000), ("15m", 900_000_000), ("6h", 21_600_000_000),
            ("1d", 86_400_000_000), ("2w", 1_209_600_000_000), ("007d", 604_800_000_000),
            ("521428w", 315_359_654_400_000_000), ("521429w", nil), ("", nil), ("d", nil),
            ("1", nil),
            ("1 d", nil), ("-1d", nil), ("+1d", nil), ("-0", nil), ("1.5h", nil), ("1D", nil),
            ("1y", nil), ("99999999999999999999d", nil), ("9223372036854775807w", nil),
        ] as [(String, Int64?)]
    )
    func durationsAreReadAsDocumented(text: String, microseconds: Int64?) {
        #expect(DurationText.microseconds(text) == microseconds)
    }

    @Test(arguments: UInt64(0)..<50)
    func durationsReadBack(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let seconds = Int64.random(in: 0...10, using: &random)
        let unit = [1, 60, 3600, 86400, 604_800].randomElement(using: &random) ?? 1
        let microseconds = seconds * Int64(unit) * 1_000_000
        let text = DurationText.text(microseconds: microseconds)
        #expect(DurationText.microseconds(text) == microseconds)
    }

    @Test func everyTypeIsReadByItsNameInAnyCase() {
        for name in ValueType.allNames {
            let type = ValueType(name)
            #expect(type?.description == name)
            #expect(ValueType(name.uppercased()) == type)
        }
        #expect(Set(ValueType.allNames.map { ValueType($0) }).count == ValueType.allNames.count)
        #expect(ValueType("UnixTimestamp") == .unixTimestamp)
    }

    @Test(arguments: [
        "", "int", "int 32", "array", "array()", "array(array(int32))", "array(map)",
        "array(int32", "array( int32 )", "double", "list(int32)",
    ])
    func otherNamesAreNoTypes(name: String) {
        #expect(ValueType(name) == nil)
    }

    @Test func fiveTypesMayBeKeys() {
        let keys = ValueType.allNames.compactMap { ValueType($0) }.filter(\.canBeJoinKey)
        #expect(keys == [.int32, .int64, .string, .bytes, .unixTimestamp])
    }

    @Test func referencesHaveOneColonWithNamesAroundIt() {
        let reference = FeatureReference("weather:temp")
        #expect(reference == FeatureReference(view: "weather", feature: "temp"))
        #expect(reference?.description == "weather:temp")
        for wrong in ["", ":", "a", "a:", ":b", "a:b:c", "a::b"] {
            #expect(FeatureReference(wrong) == nil, "\(wrong)")
        }
    }

    @Test func aPartWithoutAPlaceHasThatOfTheNearestPartAbove() {
        var locations = DefinitionLocations()
        let object = SourceLocation(file: "a.yaml", line: 1, column: 1)
        let schema = SourceLocation(file: "a.yaml", line: 5, column: 3)
        locations.record(object, of: .featureView, "v")
        locations.record(schema, of: .featureView, "v", part: "schema")
        locations.record(object, of: .featureView, "v", part: "schema")
        #expect(locations.location(of: .featureView, "v") == object)
        #expect(locations.location(of: .featureView, "v", part: "ttl") == object)
        #expect(locations.location(of: .featureView, "v", part: "schema.a.dtype") == schema)
        #expect(locations.location(of: .entity, "v") == nil)
        #expect(locations.location(of: .featureView, "w", part: "schema") == nil)
    }

    // MARK: Nearest names

    /// The definition, written down: the cheapest of all ways to edit the last letters.
    private func naiveDistance(_ left: [Character], _ right: [Character]) -> Int {
        guard let leftLast = left.last, let rightLast = right.last else {
            return max(left.count, right.count)
        }
        let shorterLeft = Array(left.dropLast())
        let shorterRight = Array(right.dropLast())
        var best = min(
            self.naiveDistance(shorterLeft, right) + 1,
            self.naiveDistance(left, shorterRight) + 1,
            self.naiveDistance(shorterLeft, shorterRight) + (leftLast == rightLast ? 0 : 1)
        )
        if leftLast == shorterRight.last, rightLast == shorterLeft.last {
            let swapped = self.naiveDistance(
                Array(shorterLeft.dropLast()),
                Array(shorterRight.dropLast())
            )
            best = min(best, swapped + 1)
        }
        return best
    }

    @Test(arguments: UInt64(0)..<100)
    func nearestNamesAgreeWithTheDefinition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func word(_ length: ClosedRange<Int>) -> String {
            let count = Int.random(in: length, using: &random)
            return String((0..<count).map { _ in "abc".randomElement(using: &random) ?? "a" })
        }
        let wanted = word(1...6)
        let candidates = Array(Set((0..<6).map { _ in word(0...6) }))
        let limit = max(1, wanted.count / 3)
        var expected: [(Int, String)] = []
        for candidate in candidates {
            let distance = self.naiveDistance(Array(wanted), Array(candidate))
            if distance <= limit {
                expected.append((distance, candidate))
            } else if wanted.count >= 3, candidate.contains(wanted) {
                expected.append((limit + 1, candidate))
            }
        }
        let names = expected.sorted { $0 < $1 }.prefix(3).map(\.1)
        #expect(nearestNames(to: wanted, among: candidates) == names)
    }

    @Test func aSuggestionIsANameOrTheList() {
        let names = ["temp", "wind"]
        #expect(suggestion(for: "TMEP", among: names, noun: "key") == "did you mean \"temp\"?")
        #expect(suggestion(for: "snow", among: names, noun: "key") == "the keys are: temp, wind")
        #expect(suggestion(for: "snow", among: [], noun: "key") == "there is no key at all")
        #expect(DefinitionKind.entity.wayOut(of: "x", among: []) == "define it under \"entities\"")
        #expect(
            DefinitionKind.entity.wayOut(of: "snow", among: names)
                == "the entities are: temp, wind"
        )
    }
}
