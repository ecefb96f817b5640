import FeatureModel
import FeatureRegistry
import TestSupport
import Testing

/// A plan that comes after another apply.
@Suite struct RebaseTests {
    private func repository(_ views: [String: Int64]) -> FeatureRepository {
        FeatureRepository(
            entities: [Entity(name: "driver", joinKeys: [.init(name: "driver_id", type: .int64)])],
            dataSources: [
                DataSource(
                    name: "source",
                    kind: .csv(.init(path: "a.csv")),
                    timestampField: "time"
                )
            ],
            featureViews: views.sorted { $0.key < $1.key }.map { name, ttl in
                FeatureView(
                    name: name,
                    entities: ["driver"],
                    ttlMicroseconds: ttl * 1_000_000,
                    schema: [Field(name: "trips", type: .int64)],
                    source: "source"
                )
            }
        )
    }

    private func snapshot(_ version: Int, _ views: [String: Int64]) -> RegistrySnapshot {
        RegistrySnapshot(version: version, project: "p", repository: self.repository(views))
    }

    private func ttls(_ repository: FeatureRepository) -> [String: Int64] {
        Dictionary(
            uniqueKeysWithValues: repository.featureViews.map {
                ($0.name, $0.ttlMicroseconds / 1_000_000)
            }
        )
    }

    /// The definition of a merge, written down: `nil` for a conflict.
    private func naiveMerge(
        _ base: [String: Int64],
        _ theirs: [String: Int64],
        _ mine: [String: Int64]
    ) -> [String: Int64]? {
        var merged: [String: Int64] = [:]
        for name in Set(base.keys).union(theirs.keys).union(mine.keys) {
            if theirs[name] == mine[name] || theirs[name] == base[name] {
                merged[name] = mine[name]
            } else if mine[name] == base[name] {
                merged[name] = theirs[name]
            } else {
                return nil
            }
        }
        return merged
    }

    @Test(arguments: UInt64(0)..<300)
    func `Two changes are put together by their objects, or are a conflict`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func change(_ views: [String: Int64]) -> [String: Int64] {
            var changed = views
            for name in ["a", "b", "c", "d"] where Int.random(in: 0..<4, using: &random) == 0 {
                changed[name] =
                    Bool.random(using: &random) ? nil : Int64.random(in: 1...2, using: &random)
            }
            return changed
        }
        let base = change(["a": 1, "b": 1])
        let (theirs, mine) = (change(base), change(base))
        let plan = RegistryPlan(
            from: self.snapshot(3, base),
            to: self.repository(mine),
            project: "p"
        )
        let expected = self.naiveMerge(base, theirs, mine)
        do {
            let rebased = try plan.rebased(onto: self.snapshot(5, theirs))
            #expect(rebased.baseVersion == 5)
            #expect(self.ttls(rebased.target) == expected)
            #expect(rebased.isEmpty == (expected == theirs))
        } catch {
            #expect(error.code == .conflict)
            #expect(error.message.contains("plan again"))
            #expect(expected == nil, "\(error.message)")
        }
    }

    @Test func `What does not fit together is a conflict that says why`() throws {
        let base = self.snapshot(1, ["a": 1])
        var mine = self.repository(["a": 1])
        mine.featureServices = [FeatureService(name: "s", features: [.init(view: "a")])]
        let plan = RegistryPlan(from: base, to: mine, project: "p")
        let error = #expect(throws: RegistryError.self) {
            try plan.rebased(onto: self.snapshot(2, [:]))
        }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("\"a\"") == true, "\(error?.message ?? "")")
    }
}
