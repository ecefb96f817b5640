import FeatureCompute
import FeatureModel
import FeatureRegistry
import OnlineStores
import Synchronization

/// Answers online reads from the open store, by plans that are compiled once and kept.
final class OnlineReader: Sendable {
    /// What a plan was compiled for.
    private struct PlanKey: Hashable {
        let selection: FeatureSelection
        let fullFeatureNames: Bool
    }

    private struct Plans {
        /// The state of the definitions that the plans go by.
        var definitions: RegistryState?
        /// The state of the store's catalogue that the plans go by.
        var catalogue: UInt64 = 0
        var plans: [PlanKey: ReadPlan] = [:]
        /// The one that was used last, which mostly is the one that is used next: comparing takes
        /// less than hashing.
        var last: (key: PlanKey, plan: ReadPlan)?
        /// Those that others keep weakly.
        var directReads: [PlanKey: DirectRead] = [:]
    }

    /// Past so many, a client is making up selections, and keeping them all would fill the memory.
    private static let maximumPlans = 4096

    /// The buffers of one read.
    private struct Scratch {
        var keys = KeyBatch()
        /// For each view and row, the index of its key, or -1 where there is none to look up.
        var keyIndices: [Int] = []
        var rows = RowBatch()
        /// For each view, what is known of its rows.
        var views: [FoundView] = []
    }

    /// The bytes of rows in buffers that are kept.
    private static let maximumKeptBytes = 1 << 20

    let store: RocksDBOnlineStore
    private let evaluator: OnDemandEvaluator
    private let plans = Mutex(Plans())
    /// Those of reads that have ended: no more than there were reads at a time.
    private let scratches = Mutex<[Scratch]>([])

    init(store: RocksDBOnlineStore, evaluator: OnDemandEvaluator) {
        self.store = store
        self.evaluator = evaluator
    }

    /// Reads the newest values as of `now`, which is asked when the rows have been read: a row that
    /// was written meanwhile is not from the future then.
    func read(
        _ request: OnlineFeaturesRequest,
        definitions: DefinitionSnapshot,
        now: () -> Timestamp,
        into answer: inout OnlineFeatures
    ) throws(FeatureStoreError) {
        while true {
            let catalogue = self.store.version
            let plan = try self.plan(for: request, definitions: definitions, catalogue: catalogue)
            let entities = try EntityColumns(request, plan: plan, definitions: definitions)
            answer.reset(featureCount: plan.columns.count)
            let isWhole = try self.read(
                plan,
                entities: entities,
                now: now,
                deadline: request.deadline,
                into: &answer
            )
            if isWhole { return }
            // A row had a schema that the plan does not know: a load has just added it.
            guard self.store.version != catalogue else {
                throw FeatureStoreError(
                    code: .corruptData,
                    message: "a row of the online store has a schema that the store does not "
                        + "list; materialize the views again"
                )
            }
        }
    }

    /// The plan for direct reads; `nil` when the selection cannot be read so, or not at all.
    ///
    /// - Parameters:
    ///   - request: What its ids are does not matter.
    ///   - definitions: The definitions that it goes by.
    ///   - number: Their number, or that of older ones.
    /// - Returns: The plan, which lives as long as the definitions and the catalogue stay.
    func directRead(
        _ request: OnlineFeaturesRequest,
        definitions: DefinitionSnapshot,
        number: UInt64
    ) -> DirectRead? {
        let catalogue = self.store.version
        let key = PlanKey(
            selection: request.selection,
            fullFeatureNames: request.fullFeatureNames
        )
        guard
            let plan = try? self.plan(for: request, definitions: definitions, catalogue: catalogue)
        else { return nil }
        return self.plans.withLock { plans in
            // Only with the plans of the same states, which are forgotten with those.
            guard plans.definitions == definitions.state, plans.catalogue == catalogue else {
                return nil
            }
            if let known = plans.directReads[key], known.definitions == number { return known }
            let read = DirectRead(
                plan,
                store: self.store,
                definitions: number,
                catalogue: catalogue
            )
            plans.directReads[key] = read
            return read
        }
    }

    /// Forgets plans of an older catalogue, so that the rows that only they still read can go.
    func releaseOldPlans() throws(FeatureStoreError) {
        let catalogue = self.store.version
        self.plans.withLock { plans in
            if plans.catalogue != catalogue {
                plans = Plans()
            }
        }
        do {
            try self.store.collectGarbage()
        } catch {
            throw FeatureStoreError(error)
        }
    }

    private func plan(
        for request: OnlineFeaturesRequest,
        definitions: DefinitionSnapshot,
        catalogue: UInt64
    ) throws(FeatureStoreError) -> ReadPlan {
        let key = PlanKey(
            selection: request.selection,
            fullFeatureNames: request.fullFeatureNames
        )
        let known = self.plans.withLock { plans -> ReadPlan? in
            guard plans.definitions == definitions.state, plans.catalogue == catalogue else {
                return nil
            }
            if let last = plans.last, last.key == key { return last.plan }
            guard let plan = plans.plans[key] else { return nil }
            plans.last = (key, plan)
            return plan
        }
        if let known { return known }
        let resolution = try FeatureResolution(
            request.selection,
            in: definitions,
            fullFeatureNames: request.fullFeatureNames
        )
        let plan = try ReadPlan(
            resolution,
            definitions: definitions,
            store: self.store
        )
        self.plans.withLock { plans in
            if plans.definitions != definitions.state || plans.catalogue != catalogue
                || plans.plans.count >= Self.maximumPlans
            {
                plans = Plans(definitions: definitions.state, catalogue: catalogue)
            }
            plans.plans[key] = plan
        }
        return plan
    }

    /// - Returns: False when a row has a schema that the plan does not know.
    private func read(
        _ plan: ReadPlan,
        entities: EntityColumns,
        now: () -> Timestamp,
        deadline: ContinuousClock.Instant?,
        into answer: inout OnlineFeatures
    ) throws(FeatureStoreError) -> Bool {
        var scratch = Scratch()
        self.scratches.withLock { kept in
            guard !kept.isEmpty else { return }
            // Swapped, for a copy would count a reference for each buffer.
            swap(&scratch, &kept[kept.count - 1])
            kept.removeLast()
        }
        scratch.keys.removeAll()
        scratch.keyIndices.removeAll(keepingCapacity: true)
        for view in plan.views {
            entities.appendKeys(of: view, to: &scratch.keys, indices: &scratch.keyIndices)
        }
        do {
            try self.store.read(scratch.keys, into: &scratch.rows)
        } catch {
            throw FeatureStoreError(error)
        }
        let isWhole = try OnlineAnswerBuilder(
            plan: plan,
            entities: entities,
            bytes: scratch.rows.bytes,
            rows: scratch.rows.found,
            keyIndices: scratch.keyIndices,
            now: now(),
            evaluator: self.evaluator,
            deadline: deadline
        ).write(to: &answer, views: &scratch.views)
        if scratch.rows.bytes.count <= Self.maximumKeptBytes {
            self.scratches.withLock { kept in
                kept.append(Scratch())
                swap(&scratch, &kept[kept.count - 1])
            }
        }
        return isWhole
    }
}
