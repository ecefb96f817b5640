import FeatureModel
import FeatureStoreKit

extension RandomView {
    /// What must be known of one key at a time, by the plainest reading of the rules.
    enum Expectation {
        case notFound
        case outsideMaxAge(time: Timestamp)
        case row(features: [Value], time: Timestamp?)
    }

    /// Looks at every row of the source; obeys created times when `filter` says so, and by default
    /// as the view does.
    func expected(
        _ keys: [PlainCell?],
        at now: Int64,
        filter: Bool? = nil
    ) -> Expectation {
        let obeysCreated =
            (filter ?? self.view.filterByCreatedTimestamp)
            && self.source.createdTimestampColumn != nil
        var best: SourceLine?
        for line in self.lines {
            guard !line.isBad, let time = self.source.isStatic ? 0 : line.time, time <= now,
                self.hasKeys(line, keys)
            else { continue }
            if obeysCreated {
                guard let created = line.created, created <= now else { continue }
            }
            guard let known = best else {
                best = line
                continue
            }
            let old = (self.age(known).0, self.age(known).1)
            let new = (self.age(line).0, self.age(line).1)
            if new >= old {
                best = line
            }
        }
        guard let best else { return .notFound }
        let time = self.source.isStatic ? nil : best.time
        if let time, self.view.ttlMicroseconds > 0,
            (now - time) * 1_000_000 > self.view.ttlMicroseconds
        {
            return .outsideMaxAge(time: second(time))
        }
        return .row(
            features: best.features.map { $0?.value ?? .null },
            time: time.map { second($0) }
        )
    }

    private func hasKeys(_ line: SourceLine, _ keys: [PlainCell?]) -> Bool {
        for (own, wanted) in zip(line.keys, keys) {
            guard let own, let wanted, own.value == wanted.value else { return false }
        }
        return true
    }

    /// What the newest row has most of: event time, then created time, null last.
    private func age(_ line: SourceLine) -> (Int64, Int64) {
        let created = self.source.createdTimestampColumn == nil ? nil : line.created
        return (self.source.isStatic ? 0 : line.time ?? .min, created ?? .min)
    }
}
