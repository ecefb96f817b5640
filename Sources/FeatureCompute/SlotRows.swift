/// Rows of a source, each with the slots that it belongs to: the best of a batch.
///
/// Whoever has read a batch makes them of it, on any thread; ``SlotCandidates`` takes them in.
package struct SlotRows: Sendable {
    /// The first slot at or after the event time, `[rows]`.
    private(set) var slots: [Int32]
    /// The first slot at or after the event time and the created time, -1 for none, `[rows]`;
    /// empty when the source has no created times.
    private(set) var knownSlots: [Int32] = []
    /// Event times, `[rows]`; all the same for a static table.
    private(set) var times: [Int64]
    /// Created times, `[rows]`, ``missingTime`` for null; empty when the source has none.
    private(set) var created: [Int64]
    /// Whether rows have created times.
    let hasCreatedTimes: Bool
    /// The rows' places in the source, `[rows]`; empty when they come in source order.
    private(set) var ordinals: [Int64]
    /// The keys of rows that are later than every slot of their key.
    private(set) var keysOfLaterRows: [Int32] = []
    /// The wanted features, `[rows]` each.
    package private(set) var features: [Column]

    /// How many rows there are.
    package var count: Int { self.slots.count }

    /// Takes the rows of a batch that are the best of the batch for some slot.
    ///
    /// - Parameters:
    ///   - slots: The slots to which the rows belong.
    ///   - keyIDs: The ids of the rows' keys, `[rows]`.
    ///   - firstSlots: The first slot of these at or after each row's event time, `[rows]`; `nil`
    ///     when it is to be looked up.
    ///   - times: Event times, `[rows]`; `nil` for a static table, whose rows are valid always.
    ///   - created: Created times, `[rows]`, ``missingTime`` for null; `nil` when there are none.
    ///   - ordinals: The rows' places in the source; `nil` when all batches come in source order.
    ///   - features: The wanted features, `[rows]` each.
    /// - Complexity: O(rows log slots of a key), and a copy of the rows that are taken.
    package init(
        slots: EntitySlots,
        keyIDs: [Int32],
        firstSlots: [Int32]? = nil,
        times: [Int64]?,
        created: [Int64]?,
        ordinals: [Int64]? = nil,
        features: [Column]
    ) {
        self.times = times ?? Array(repeating: missingTime, count: keyIDs.count)
        self.created = created ?? []
        self.hasCreatedTimes = created != nil
        self.ordinals = ordinals ?? []
        self.features = features
        if let firstSlots {
            self.slots = firstSlots
        } else {
            self.slots = []
            self.slots.reserveCapacity(keyIDs.count)
            for row in keyIDs.indices {
                let slot = slots.first(ofKey: keyIDs[row], from: self.times[row])
                if slot < 0 { self.keysOfLaterRows.append(keyIDs[row]) }
                self.slots.append(slot)
            }
        }
        if let created {
            var known: [Int32] = []
            known.reserveCapacity(keyIDs.count)
            for row in keyIDs.indices {
                let slot = self.slots[row]
                if slot < 0 || created[row] == missingTime {
                    known.append(-1)
                } else if created[row] <= slots.times[Int(slot)] {
                    known.append(slot)
                } else {
                    known.append(slots.first(ofKey: keyIDs[row], from: created[row]))
                }
            }
            self.knownSlots = known
        }
        self.keepBest()
    }

    /// Drops rows that lose against another row here, for each slot they belong to.
    private mutating func keepBest() {
        let rowCount = self.slots.count
        var isKept = Array(repeating: false, count: rowCount)
        self.markBest(of: self.slots, &isKept)
        if self.knownSlots != self.slots { self.markBest(of: self.knownSlots, &isKept) }
        var kept: [Int32] = []
        kept.reserveCapacity(rowCount)
        for row in 0..<rowCount where isKept[row] {
            kept.append(Int32(row))
        }
        guard kept.count < rowCount else { return }
        self.slots = kept.map { self.slots[Int($0)] }
        self.times = kept.map { self.times[Int($0)] }
        if self.hasCreatedTimes {
            self.knownSlots = kept.map { self.knownSlots[Int($0)] }
            self.created = kept.map { self.created[Int($0)] }
        }
        if !self.ordinals.isEmpty { self.ordinals = kept.map { self.ordinals[Int($0)] } }
        self.features = self.features.map { $0.gathered(kept) }
    }

    /// Marks the best row of each slot, by open addressing from slots to rows.
    private func markBest(of slots: [Int32], _ isKept: inout [Bool]) {
        var capacity = 16
        while capacity < slots.count * 2 { capacity *= 2 }
        let mask = capacity - 1
        var best = Array(repeating: Int32(-1), count: capacity)
        for row in slots.indices {
            let slot = slots[row]
            if slot < 0 { continue }
            // Neighbouring slots have neighbouring places, which suits rows that come by key.
            var place = Int(slot) & mask
            while best[place] >= 0, slots[Int(best[place])] != slot {
                place = (place + 1) & mask
            }
            if best[place] < 0 || self.isBetter(row, than: Int(best[place])) {
                best[place] = Int32(row)
            }
        }
        for row in best where row >= 0 {
            isKept[Int(row)] = true
        }
    }

    /// Whether a row wins against an earlier one of the batch.
    private func isBetter(_ row: Int, than best: Int) -> Bool {
        if self.times[row] != self.times[best] { return self.times[row] > self.times[best] }
        if self.hasCreatedTimes, self.created[row] != self.created[best] {
            return self.created[row] > self.created[best]
        }
        return self.ordinals.isEmpty || self.ordinals[row] >= self.ordinals[best]
    }
}
