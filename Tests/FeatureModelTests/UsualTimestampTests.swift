import FeatureModel
import TestSupport
import Testing

@Suite struct UsualTimestampTests {
    @Test("A time is read alike in the usual spelling and in others")
    func spellings() {
        var random = SeededGenerator(seed: 3)
        let letters = Array("0123456789 -:.TZt/;x")
        var readable = 0
        for _ in 0..<30_000 {
            func pair(_ range: ClosedRange<Int>) -> String {
                let number = Int.random(in: range, using: &random)
                return number < 10 ? "0\(number)" : "\(number)"
            }
            let separator = [" ", "T", "t"].randomElement(using: &random) ?? " "
            var text =
                pair(19...21) + pair(0...99) + "-" + pair(0...13) + "-" + pair(0...32) + separator
                + pair(0...24) + ":" + pair(0...60) + ":" + pair(0...60)
            if Bool.random(using: &random) {
                let digits = Int.random(in: 0...7, using: &random)
                let fraction = (0..<digits).map { _ in "\(Int.random(in: 0...9, using: &random))" }
                text += "." + fraction.joined()
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                var changed = Array(text)
                changed[Int.random(in: 0..<changed.count, using: &random)] =
                    letters.randomElement(using: &random) ?? "x"
                text = String(changed)
            }
            // No time with an offset is of the usual spelling.
            let general = ParsedTimestamp(text + "+00:00")
            let zoned = ParsedTimestamp(text + "Z")
            #expect(zoned == general, "\(text)")
            if let general, text.count > 10 {
                readable += 1
                let local = ParsedTimestamp(text)
                #expect(local?.microseconds == general.microseconds, "\(text)")
                #expect(local?.hasZone == false, "\(text)")
            }
        }
        #expect(readable > 3000)
    }

    @Test("A time is written as its parts, and reads back")
    func writing() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<5000 {
            let range = Timestamp.earliest.microseconds...Timestamp.latest.microseconds
            var time = Int64.random(in: range, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: time -= time % 1_000_000
            case 1: time -= time % 1000
            default: break
            }
            let text = Timestamp(microseconds: time).description
            #expect(Timestamp(text)?.microseconds == time)
            let fraction = ((time % 1_000_000) + 1_000_000) % 1_000_000
            #expect(text.utf8.count == (fraction == 0 ? 20 : fraction % 1000 == 0 ? 24 : 27))
        }
        #expect(Timestamp(microseconds: .max).description == "294247-01-10T04:00:54.775807Z")
        #expect(Timestamp(microseconds: .min).description == "-290308-12-21T19:59:05.224192Z")
    }
}
