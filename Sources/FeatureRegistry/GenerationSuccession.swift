import FeatureModel

/// What becomes of the generations of feature views when a repository follows another.
struct GenerationSuccession {
    /// A generation that begins.
    struct Start {
        let number: Int
        /// Why the definition before it does not do, a sentence part each.
        let obstacles: [String]
        /// Whether there was a definition before, whose rows are others.
        let replaces: Bool
    }

    private let old: RegistrySnapshot
    private let new: FeatureRepository
    /// The generations that begin, by view; first generations of new names are not told.
    private let starts: [String: Start]
    /// The state afterwards.
    let generations: ViewGenerations

    init(from old: RegistrySnapshot, to new: FeatureRepository) {
        self.old = old
        self.new = new
        var newest = old.generations.newest
        for view in old.repository.featureViews where newest[view.name] == nil {
            newest[view.name] = 1
        }
        var candidates = old.generations.held
        var starts: [String: Start] = [:]
        for view in new.featureViews {
            let last = newest[view.name] ?? 0
            guard old.repository.featureView(view.name) != nil else {
                newest[view.name] = last + 1
                if last > 0 {
                    starts[view.name] = Start(number: last + 1, obstacles: [], replaces: false)
                }
                continue
            }
            let before = old.generationInForce(of: view.name)
            let obstacles = before.map { Self.obstacles(from: $0, to: view, in: new) } ?? []
            guard !obstacles.isEmpty else { continue }
            newest[view.name] = last + 1
            starts[view.name] = Start(number: last + 1, obstacles: obstacles, replaces: true)
            candidates += [before].compactMap { $0 }
        }
        self.starts = starts
        self.generations = ViewGenerations(
            newest: newest,
            held: candidates.filter { generation in
                let name = generation.view.name
                return new.featureView(name) != nil
                    && !new.services(pinning: name, version: generation.number).isEmpty
            }
        )
    }

    private static func obstacles(
        from old: FeatureViewGeneration,
        to view: FeatureView,
        in new: FeatureRepository
    ) -> [String] {
        guard let source = new.rowSource(of: view) else {
            return ["changes the source from \"\(old.source.name)\" to \"\(view.source)\""]
        }
        return old.obstacles(
            to: view,
            source: source,
            pushSources: new.pushSources(of: view).map(\.name),
            joinKeys: new.joinKeys(of: view)
        )
    }

    // MARK: Consequences

    /// What a change of a view does to its generations and to services.
    struct Consequences {
        /// The generation that begins, if one does.
        var generation: RegistryChange.Generation?
        /// What to know of it.
        var notes: [String] = []
        /// What is lost by it.
        var losses: [String] = []

        /// Whether there is nothing to say.
        var isEmpty: Bool { self.generation == nil && self.notes.isEmpty && self.losses.isEmpty }
    }

    /// The number of the generation of an applied view.
    func number(of view: String) -> Int { self.old.newestGeneration(of: view) }

    /// What becomes of a view that is defined afterwards, whether it was before or not.
    func consequences(of view: FeatureView) -> Consequences {
        var consequences = Consequences()
        if let start = self.starts[view.name] {
            consequences.generation = .init(number: start.number, reasons: start.obstacles)
            if start.replaces {
                self.add(start, of: view.name, to: &consequences)
            } else {
                consequences.notes.append(
                    "starts generation \(start.number): there was a view of this name before"
                )
            }
        }
        for generation in self.old.generations.held(of: view.name)
        where !self.generations.held.contains(generation) {
            consequences.notes.append(
                "drops generation \(generation.number), which no feature service pins any more"
            )
        }
        return consequences
    }

    private func add(_ start: Start, of view: String, to consequences: inout Consequences) {
        let text =
            "starts generation \(start.number): \(start.obstacles.joined(separator: ", "))"
        let before = self.number(of: view)
        let isHeld = self.generations.held(of: view).contains { $0.number == before }
        let users = self.unpinnedUsers(of: view)
        // Rows that the source can give again are no loss; those of a dropped feature are.
        if !users.isEmpty || !isHeld && self.dropsData(view) {
            consequences.losses.append(text)
        } else {
            consequences.notes.append(text)
        }
        if isHeld {
            let services = self.new.services(pinning: view, version: before)
            let verb = services.count == 1 ? "pins" : "pin"
            consequences.notes.append(
                "keeps generation \(before), which \(serviceList(services)) \(verb)"
            )
        }
        if !users.isEmpty {
            let (verb, pronoun) = users.count == 1 ? ("uses", "it") : ("use", "them")
            consequences.losses.append(
                "\(serviceList(users)) \(verb) the view unpinned and would get nothing from it "
                    + "until the next load; pin \"\(view)@v\(before)\" in \(pronoun) to stay with "
                    + "generation \(before)"
            )
        }
    }

    /// Whether a load cannot bring back what the last generation of a view served.
    private func dropsData(_ name: String) -> Bool {
        guard let before = self.old.generationInForce(of: name),
            let view = self.new.featureView(name), let source = self.new.rowSource(of: view)
        else { return true }
        let types = Dictionary(view.schema.map { ($0.name, $0.type) }) { first, _ in first }
        return before.view.schema.contains { types[$0.name] != $0.type }
            || Set(before.joinKeys) != Set(self.new.joinKeys(of: view))
            || before.source.name != source.name
    }

    // MARK: Services

    /// The applied services that use a view without a pin, and still do afterwards.
    func unpinnedUsers(of view: String) -> [String] {
        self.old.repository.featureServices.map(\.name).filter { name in
            self.old.repository.isUsedUnpinned(view, by: name)
                && self.new.isUsedUnpinned(view, by: name)
        }
    }
}

/// `feature service "a"`, `feature services "a", "b"`.
func serviceList(_ services: [String]) -> String {
    let noun = services.count == 1 ? "feature service" : "feature services"
    return "\(noun) " + services.map { "\"\($0)\"" }.joined(separator: ", ")
}

extension FeatureRepository {
    /// Whether a service reads the generation in force of a view, itself or through an on-demand
    /// feature view.
    fileprivate func isUsedUnpinned(_ view: String, by service: String) -> Bool {
        guard let service = self.featureService(service) else { return false }
        return service.features.contains { projection in
            if projection.view == view { return projection.version == nil }
            return self.onDemandFeatureView(projection.view)?.sources.contains(view) ?? false
        }
    }
}
