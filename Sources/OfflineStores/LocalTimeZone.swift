import Foundation

/// Turns local times of one zone into UTC.
///
/// A local time that comes twice, when clocks are set back, is the first of the two. One that never
/// comes, when clocks are set forward, moves forward by as much as the clocks.
final class LocalTimeZone {
    private let zone: TimeZone
    /// By local day: the offset of a day without a change nearby, or ``changing``.
    private var offsets: [Int64: Int64] = [:]
    private var cachedDay = Int64.min
    private var cachedOffset: Int64 = 0

    /// A zone by its IANA name.
    init(name: String) throws(OfflineStoreError) {
        guard let zone = TimeZone(identifier: name) else {
            throw OfflineStoreError(
                code: .unknownTimeZone,
                message: """
                    there is no time zone "\(name)"; use an IANA name such as Europe/Berlin or UTC
                    """
            )
        }
        self.zone = zone
    }

    /// The instant of a local time, both in microseconds.
    func utc(_ local: Int64) -> Int64 {
        var day = local / microsecondsPerDay
        if local % microsecondsPerDay < 0 { day -= 1 }
        if day != self.cachedDay {
            self.cachedDay = day
            self.cachedOffset = self.offset(ofDay: day)
        }
        if self.cachedOffset != changing { return local - self.cachedOffset }
        let before = local - self.offset(at: local - microsecondsPerDay)
        if self.offset(at: before) == local - before { return before }
        let after = local - self.offset(at: local + microsecondsPerDay)
        if self.offset(at: after) == local - after { return after }
        return before
    }

    private func offset(ofDay day: Int64) -> Int64 {
        if let known = self.offsets[day] { return known }
        // No zone is more than a day from UTC, so what the two days around agree on holds.
        let start = day * microsecondsPerDay
        let offset = self.offset(at: start - microsecondsPerDay)
        let isSteady =
            self.offset(at: start) == offset
            && self.offset(at: start + microsecondsPerDay) == offset
            && self.offset(at: start + 2 * microsecondsPerDay) == offset
        let result = isSteady ? offset : changing
        self.offsets[day] = result
        return result
    }

    /// What local time is ahead of UTC at an instant, in microseconds.
    private func offset(at instant: Int64) -> Int64 {
        // Offsets change at whole seconds, which a `Date` holds exactly however far away they are.
        var seconds = instant / 1_000_000
        if instant % 1_000_000 < 0 { seconds -= 1 }
        let date = Date(timeIntervalSince1970: Double(seconds))
        return Int64(self.zone.secondsFromGMT(for: date)) * 1_000_000
    }
}

private let microsecondsPerDay: Int64 = 86_400_000_000
private let changing = Int64.max
