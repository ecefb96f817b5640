import FeatureCompute
import FeatureModel

/// What views with the same join keys share.
struct JoinKeySet {
    /// The keys, under the names that the entity table has.
    let joinKeys: [Entity.JoinKey]
    /// The numbers of the different keys.
    let dictionary: KeyDictionary
    /// The number of each entity row's key, -1 for a null key.
    let ids: [Int32]
    /// The moments at which each key's history is looked at.
    let slots: EntitySlots

    init(
        _ joinKeys: [Entity.JoinKey],
        keys: EntityKeys,
        times: [Int64]
    ) {
        self.joinKeys = joinKeys
        self.dictionary = keys.dictionary
        self.ids = keys.ids
        self.slots = EntitySlots(
            keyIDs: keys.ids,
            times: times,
            keyCount: keys.dictionary.count
        )
    }
}

extension JoinKeySet {
    /// What these keys want of the rows that a group of views is read from.
    func filter(_ group: JoinGroup) -> KeyFilter {
        KeyFilter(keys: self.dictionary, slots: self.slots, ttl: group.ttlMicroseconds)
    }
}

/// The entity rows that are joined at a time: all, or some that follow each other.
struct JoinPart {
    /// The keys of all entity rows.
    let keySet: JoinKeySet
    /// The slots of the rows that are joined.
    let slots: EntitySlots
    /// Whether they are all.
    let isWhole: Bool

    init(_ keySet: JoinKeySet, rows: Range<Int>, times: [Int64]) {
        self.keySet = keySet
        self.isWhole = rows == times.indices
        self.slots =
            self.isWhole
            ? keySet.slots
            : EntitySlots(
                keyIDs: keySet.ids[rows],
                times: times[rows],
                keyCount: keySet.dictionary.count
            )
    }
}

/// The key sets of some views.
struct JoinKeySets {
    private(set) var sets: [JoinKeySet] = []
    /// The key cells that could not be read, each column once.
    private(set) var unreadable: [EntityRows.Unreadable] = []

    /// Reads the keys of the entity rows for all views.
    ///
    /// - Throws: `missingColumn` when the table lacks a key, and `badRows` in a strict run.
    init(
        _ entities: EntityRows,
        views: [HistoricalJoin.View],
        strict: Bool
    ) throws(OfflineStoreError) {
        for view in views where !self.sets.contains(where: { $0.joinKeys == view.entityKeys }) {
            let keys = try entities.keys(view.entityKeys, strict: strict)
            self.sets.append(JoinKeySet(view.entityKeys, keys: keys, times: entities.times))
            for column in keys.unreadable
            where !self.unreadable.contains(where: { $0.column == column.column }) {
                self.unreadable.append(column)
            }
        }
    }

    /// The keys of one of the views.
    func set(for view: HistoricalJoin.View) -> JoinKeySet {
        guard let set = self.sets.first(where: { $0.joinKeys == view.entityKeys }) else {
            preconditionFailure("every view's keys were read")
        }
        return set
    }
}
