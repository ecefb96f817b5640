import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct TimestampTests {
    /// The calendar, written down: count the days of all months.
    @Test func everyMonthOfTheCalendarHasItsPlace() {
        var day = Timestamp.earliest.microseconds / 86_400_000_000
        for year in Int64(1)...9999 {
            let isLeapYear = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            let lengths: [Int64] = [
                31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
            ]
            for (index, length) in lengths.enumerated() {
                let month = Int64(index + 1)
                let first = CivilDate(year: year, month: month, day: 1)
                let last = CivilDate(year: year, month: month, day: length)
                let isRight =
                    first.daysSinceEpoch == day && last.daysSinceEpoch == day + length - 1
                    && CivilDate(daysSinceEpoch: day) == first
                    && CivilDate(daysSinceEpoch: day + length - 1) == last
                    && last.isValid
                    && !CivilDate(year: year, month: month, day: length + 1).isValid
                if !isRight { Issue.record("\(year)-\(month)") }
                day += length
            }
        }
        #expect(day * 86_400_000_000 - 1 == Timestamp.latest.microseconds)
    }

    @Test(arguments: UInt64(0)..<20)
    func textAgreesWithFoundation(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let formatter = ISO8601DateFormatter()
        // Foundation's calendar changes to the Julian one before 1582.
        for _ in 0..<50 {
            let seconds = Int64.random(in: -11_000_000_000...253_402_300_799, using: &random)
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            let time = Timestamp(microseconds: seconds * 1_000_000)
            #expect(time.description == text)
            #expect(Timestamp(text) == time)
        }
    }

    @Test(arguments: UInt64(0)..<20)
    func textReadsBackExactly(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
        for _ in 0..<100 {
            let scales: [Int64] = [1, 1000, 1_000_000]
            let scale = scales.randomElement(using: &random) ?? 1
            let microseconds = Int64.random(in: range, using: &random) / scale * scale
            let time = Timestamp(microseconds: microseconds)
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test(
        arguments: [
            ("1970-01-01", 0, false), ("1970-01-02", 86_400_000_000, false),
            ("1970-01-01 00:01", 60_000_000, false), ("1970-01-01T00:00:01", 1_000_000, false),
            ("1970-01-01 00:00:00.000001", 1, false), ("1970-01-01T00:00:00.1Z", 100_000, true),
            ("1970-01-01t00:00:00z", 0, true), ("1970-01-01 00:00:00 UTC", 0, true),
            ("1970-01-01T01:00:00+01:00", 0, true), ("1970-01-01T01:00:00+0100", 0, true),
            ("1970-01-01T01:00:00+01", 0, true), ("1969-12-31T23:30:00-00:30", 0, true),
            ("1970-01-01T00:00:00.1234567899Z", 123_457, true), ("1", 1_000_000, true),
            // To the nearest microsecond, and from the middle to the even one, on both sides of 1970.
            ("0.0000005", 0, true), ("0.0000015", 2, true), ("0.00000050001", 1, true),
            ("-0.0000005", 0, true), ("-0.0000015", -2, true), ("-0.0000016", -2, true),
            ("1969-12-31T23:59:59.9999995Z", 0, true), ("1.9999999", 2_000_000, true),
            ("-1.5", -1_500_000, true), ("0.000001", 1, true), ("1e3", nil, false),
            ("1969-12-31T23:59:59.999999Z", -1, true), ("2000-02-29", 951_782_400_000_000, false),
            ("0001-01-01", -62_135_596_800_000_000, false), ("1900-02-29", nil, false),
            ("2026-02-30", nil, false), ("2026-13-01", nil, false), ("0000-01-01", nil, false),
            ("1970-01-01T24:00:00Z", nil, false), ("1970-01-01T23:59:60Z", nil, false),
            ("1970-01-01T00:60", nil, false), ("1970-01-01T00", nil, false),
            ("1970-01-01T00:00:00.Z", nil, false), ("1970-01-01T00:00:00+24:00", nil, false),
            ("1970-01-01T00:00:00+1", nil, false), ("1970-01-01Z", nil, false),
            ("0001-01-01T00:00:00+01:00", nil, false), ("9999-12-31T23:59:59-01:00", nil, false),
            (" 1970-01-01", nil, false), ("1970-01-01 ", nil, false), ("1970-1-1", nil, false),
            ("", nil, false), ("-", nil, false), ("1.", nil, false), (".5", nil, false),
            ("1768046400000", nil, false), ("99999999999999999999", nil, false),
        ] as [(String, Int64?, Bool)]
    )
    func formsOfTimeAreReadAsDocumented(text: String, microseconds: Int64?, hasZone: Bool) {
        let parsed = ParsedTimestamp(text)
        #expect(parsed?.microseconds == microseconds)
        if let parsed { #expect(parsed.hasZone == hasZone) }
    }

    @Test(arguments: UInt64(0)..<50)
    func noTextTraps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var characters = Array("2026-01-10T12:00:00.25+01:00")
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: characters.indices, using: &random)
                characters[index] = "0129-:.TZ +é".randomElement(using: &random) ?? "0"
            }
            let count = Int.random(in: 0...characters.count, using: &random)
            let text = String(characters.prefix(count))
            if let time = Timestamp(text) {
                #expect(Timestamp(time.description) == time, "\(text)")
            }
        }
    }
}
