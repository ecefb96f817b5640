import FeatureModel
import FeatureStoreKit

/// How old the newest row of a view may be, before the server says that it is not ready.
public struct StalenessLimits: Sendable {
    /// For every view that is served online, in microseconds; `nil` for any age.
    public var everyView: Int64?
    /// For single views, in microseconds; they go before ``everyView``, and 0 is any age.
    public var views: [String: Int64] = [:]

    /// Any age.
    public init() {}

    /// Reads `2h`, or `view=2h` for one view.
    ///
    /// - Returns: False for anything else.
    public mutating func add(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = parts.last, let age = DurationText.microseconds(String(last)) else {
            return false
        }
        if parts.count == 1 {
            self.everyView = age == 0 ? nil : age
        } else {
            guard !parts[0].isEmpty else { return false }
            self.views[String(parts[0])] = age
        }
        return true
    }

    /// How old a view may be; `nil` for any age.
    func limit(of view: String) -> Int64? {
        let limit = self.views[view] ?? self.everyView
        return limit == 0 ? nil : limit
    }
}

/// One reason why a server is not ready.
struct ReadinessProblem: Encodable, Equatable {
    enum Check: String, Encodable {
        case database
        case definitions
        case staleness
    }

    let check: Check
    /// The view, for a check of one.
    var featureView: String?
    /// How old it is, and how old it may be.
    var ageSeconds: Double?
    var maximumSeconds: Double?
    let message: String
}

extension StoreReadiness {
    /// Why requests should go elsewhere; nothing when they should not.
    ///
    /// The age of a view is the time since its newest event; that of a static table, the time since
    /// its last load.
    func problems(_ limits: StalenessLimits) -> [ReadinessProblem] {
        guard self.isOpen else {
            return [ReadinessProblem(check: .database, message: "the online store is not open")]
        }
        guard self.registryVersion > 0 else {
            return [
                ReadinessProblem(
                    check: .definitions,
                    message: "nothing was applied yet; run `fstore apply`"
                )
            ]
        }
        var problems: [ReadinessProblem] = []
        for view in self.views {
            guard let limit = limits.limit(of: view.name) else { continue }
            let maximum = Double(limit) / 1_000_000
            var problem = ReadinessProblem(
                check: .staleness,
                featureView: view.name,
                maximumSeconds: maximum,
                message: "nothing that is served was loaded or pushed"
            )
            if view.isLoaded, let time = view.isStatic ? view.lastLoad : view.newestEvent {
                let age = seconds(from: time, to: self.now)
                guard age > maximum else { continue }
                problem = ReadinessProblem(
                    check: .staleness,
                    featureView: view.name,
                    ageSeconds: age,
                    maximumSeconds: maximum,
                    message: view.isStatic
                        ? "the last load is older than it may be"
                        : "the newest event is older than it may be"
                )
            }
            problems.append(problem)
        }
        let known = self.views.map(\.name)
        for name in limits.views.keys.sorted() where !known.contains(name) {
            problems.append(
                ReadinessProblem(
                    check: .staleness,
                    featureView: name,
                    message: "no view of this name is served online, but --max-staleness has it; "
                        + suggestion(for: name, among: known, noun: "feature view")
                )
            )
        }
        return problems
    }
}
