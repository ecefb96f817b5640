import FeatureModel
import Testing

@Suite("Times at the edges of what 64 bits hold")
struct TimestampEdgeTests {
    @Test(
        "Too many seconds are no time",
        arguments: ["253402300800", "999999999999", "9999999999999", "99999999999999999999"]
    )
    func tooManySecondsAreNoTime(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("Every number of microseconds has a text")
    func everyNumberHasAText() {
        #expect(Timestamp(microseconds: .min).description == "-290308-12-21T19:59:05.224192Z")
        #expect(Timestamp(microseconds: .max).description == "294247-01-10T04:00:54.775807Z")
    }
}
