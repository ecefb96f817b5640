import FeatureCompute
import FeatureModel
import Foundation
import TestSupport

/// What a training set does between reading and writing.
let joinKernels: [Kernel] = [
    Kernel(name: "point-in-time-join", element: "history row") { _ in
        var random = SeededGenerator(seed: 6)
        let keyCount = 200
        var keyIDs: [Int32] = []
        var times: [Int64] = []
        for _ in 0..<20_000 {
            keyIDs.append(Int32.random(in: 0..<Int32(keyCount), using: &random))
            times.append(microseconds(secondOfMonth(&random)))
        }
        let entityKeys = (0..<4_000).map { _ in
            Int32.random(in: -1..<Int32(keyCount), using: &random)
        }
        let entityTimes = (0..<4_000).map { _ in microseconds(secondOfMonth(&random)) }
        return {
            let slots = EntitySlots(keyIDs: entityKeys, times: entityTimes, keyCount: keyCount)
            var candidates = SlotCandidates(slots: slots, types: [], hasCreatedTimes: true)
            candidates.add(
                SlotRows(slots: slots, keyIDs: keyIDs, times: times, created: times, features: [])
            )
            let matches = candidates.matches(ttl: 172_800_000_000, filterByCreated: false)
            var sum = 0
            for row in matches.rows { sum &+= Int(row) }
            return Kernel.Result(elements: keyIDs.count, checksum: sum)
        }
    },
    gather("gather-float64", column: 0),
    gather("gather-string", column: 8),
]

/// Picks 16,384 of 4,096 values.
private func gather(_ name: String, column: Int) -> Kernel {
    Kernel(name: name, element: "cell") { _ in
        let values = try driverTable(rowCount: 4_096).columns[column].column
        var random = SeededGenerator(seed: 7)
        let rows = (0..<16_384).map { _ in Int32.random(in: -1..<4_096, using: &random) }
        return {
            let gathered = values.gathered(rows)
            return Kernel.Result(elements: rows.count, checksum: gathered.count)
        }
    }
}
