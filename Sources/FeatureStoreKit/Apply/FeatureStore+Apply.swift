public import FeatureModel
public import FeatureRegistry
import OfflineStores
import OnlineStores

extension FeatureStore {
    /// What applying a repository would change; nothing is changed.
    ///
    /// The definitions are checked against each other and against their sources: files, tables,
    /// columns and types.
    ///
    /// - Parameter files: The repository, of this store's project.
    /// - Returns: The changes from the newest version of the registry.
    /// - Throws: ``FeatureStoreError``: `invalidArgument` with all problems at once, each with its
    ///   place, and a `DiagnosticsError` as its cause. A view without a schema is such a problem;
    ///   it shows the schema that the view's source suggests.
    public func plan(_ files: LoadedRepository) throws(FeatureStoreError) -> RegistryPlan {
        var problems = self.definitionProblems(of: files)
        // A source is only read for views that make sense, and only a source that can be read says
        // what the schema of a view may be.
        if problems.allSatisfy({ $0.severity != .error }) {
            problems += self.sourceProblems(of: files)
            if problems.allSatisfy({ $0.severity != .error }) {
                problems += try self.missingSchemaProblems(of: files)
            }
            problems += self.onDemandProblems(of: files)
        }
        let errors = problems.filter { $0.severity == .error }
        guard errors.isEmpty else {
            throw FeatureStoreError(DiagnosticsError(diagnostics: errors))
        }
        let plan: RegistryPlan
        do {
            let current = try self.registry.snapshot()
            plan = RegistryPlan(
                from: current,
                to: files.repository,
                project: files.configuration.project
            )
        } catch {
            throw FeatureStoreError(error)
        }
        let pins = plan.pinProblems(locations: files.locations)
        guard pins.isEmpty else {
            throw FeatureStoreError(DiagnosticsError(diagnostics: pins))
        }
        return plan
    }

    /// Makes a plan's definitions the ones in force, in one transaction.
    ///
    /// - Parameters:
    ///   - plan: What ``plan(_:)`` returned.
    ///   - allowDestroy: Whether changes that lose data, or that a feature service would notice,
    ///     are wanted.
    /// - Returns: The registry's version afterwards.
    /// - Throws: ``FeatureStoreError``: `conflict` when another apply came first;
    ///   `invalidArgument` for destructive changes that are not allowed, with their reasons.
    @discardableResult
    public func apply(
        _ plan: RegistryPlan,
        allowDestroy: Bool = false
    ) throws(FeatureStoreError) -> Int {
        let names = plan.changes.map { "\($0.kind.title) \($0.name)" }
        return try self.audited(.apply, names) { (details) throws(FeatureStoreError) in
            details.isNothing = plan.isEmpty
            let version = try self.putInForce(plan, allowDestroy: allowDestroy)
            details.count("registry_version", version)
            return version
        }
    }

    private func putInForce(
        _ plan: RegistryPlan,
        allowDestroy: Bool
    ) throws(FeatureStoreError) -> Int {
        if plan.isDestructive, !allowDestroy {
            let reasons = plan.changes.filter(\.isDestructive).flatMap { change in
                change.destructiveReasons.map { reason in
                    "\(change.kind.title) \"\(change.name)\": \(reason)"
                }
            }
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "nothing was applied, because this would lose data or break a service:\n"
                    + reasons.map { "  \($0)" }.joined(separator: "\n")
                    + "\nallow it with --allow-destroy"
            )
        }
        do {
            _ = try self.registry.apply(plan, at: self.now())
        } catch {
            throw FeatureStoreError(error)
        }
        let definitions = try self.reloadDefinitions()
        try self.forgetWaitingRows(definitions)
        if plan.changes.contains(where: \.mayLeaveRowsBehind) {
            try self.dropUnservedViewsIfFree(definitions)
        }
        return definitions.version
    }

    /// Removes all definitions, as a new version of the registry, all online rows, and the caches
    /// of sources.
    ///
    /// Sources are never touched.
    ///
    /// - Returns: The registry's version afterwards.
    @discardableResult
    public func teardown() throws(FeatureStoreError) -> Int {
        try self.audited(.teardown) { (details) throws(FeatureStoreError) in
            let version = try self.removeEverything()
            details.count("registry_version", version)
            return version
        }
    }

    private func removeEverything() throws(FeatureStoreError) -> Int {
        do {
            _ = try self.registry.teardown(at: self.now())
        } catch {
            throw FeatureStoreError(error)
        }
        let definitions = try self.reloadDefinitions()
        self.sources.cache?.removeAll()
        do {
            try self.dropUnservedViewsIfFree(definitions)
        } catch {
            throw FeatureStoreError(
                code: error.code,
                message: "the registry is empty now, but the online rows could not be removed: "
                    + "\(error.message)\nremove the folder \(self.paths.online) by hand",
                cause: error
            )
        }
        try self.forgetWaitingRows(definitions)
        return definitions.version
    }

    /// Takes up definitions that another process applied, frees what old ones held, and serves
    /// pushed rows whose time has come.
    ///
    /// Cheap when there is nothing to do; a server calls it a few times a second.
    ///
    /// - Returns: Whether there were any.
    @discardableResult
    public func refresh() throws(FeatureStoreError) -> Bool {
        let known = try self.snapshot().state
        let current: RegistryState
        do {
            current = try self.registry.currentState()
        } catch {
            throw FeatureStoreError(error)
        }
        guard current.version > 0 || known.version == 0 else {
            throw FeatureStoreError(
                code: .unavailable,
                message: "the registry \(self.paths.registry) is gone; the definitions of its "
                    + "version \(known.version) stay in force"
            )
        }
        let isNew = current != known
        if isNew {
            let definitions = try self.reloadDefinitions()
            if self.isOnlineOpen {
                try self.dropUnservedViews(of: try self.online(), definitions: definitions)
            }
        }
        if self.isOnlineOpen {
            let online = try self.online()
            try online.releaseOldPlans()
            try self.writeWaitingRows(dueBy: self.now(), into: online.store)
        }
        return isNew
    }

    /// Removes the rows of views that were deleted from the registry or that it says are not
    /// served, and of generations that are neither in force nor pinned.
    ///
    /// Rows of a view or a generation that the registry has never heard of stay: then it is
    /// another registry, or a new one, and nobody has said that they may go.
    func dropUnservedViews(
        of online: OnlineReader,
        definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) {
        let dropped = Set(
            online.store.views().map(\.name).filter { definitions.registry.hasNoUse(for: $0) }
        )
        guard !dropped.isEmpty else { return }
        do {
            try online.store.dropViews { dropped.contains($0) }
        } catch {
            throw FeatureStoreError(error)
        }
    }

    /// The same, unless another process has the store: its owner does it then, at its next refresh
    /// or load.
    private func dropUnservedViewsIfFree(
        _ definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) {
        do {
            try self.dropUnservedViews(of: try self.online(), definitions: definitions)
        } catch  where error.code == .conflict {
            return
        }
    }

    func sourceProblems(of files: LoadedRepository) -> [Diagnostic] {
        let repository = files.repository
        var problems: [Diagnostic] = []
        for view in repository.featureViews {
            guard let source = repository.rowSource(of: view) else { continue }
            let found = self.sources.problems(
                of: view,
                source: source,
                joinKeys: repository.joinKeys(of: view)
            )
            for problem in found {
                var diagnostic = problem.diagnostic
                diagnostic.location =
                    diagnostic.location
                    ?? self.place(of: problem, view: view, source: source, files)
                if !problems.contains(diagnostic) {
                    problems.append(diagnostic)
                }
            }
        }
        return problems.sortedByPlace()
    }

    /// Where a problem is written: in the source's own definition, or in the view's.
    private func place(
        of problem: SourceProblem,
        view: FeatureView,
        source: DataSource,
        _ files: LoadedRepository
    ) -> SourceLocation? {
        let prefix = "source."
        if problem.part.hasPrefix(prefix) {
            let key = String(problem.part.dropFirst(prefix.count))
            let place = files.locations.location(of: .dataSource, source.name, part: key)
            if let place { return place }
        }
        return files.locations.location(of: .featureView, view.name, part: problem.part)
    }
}

extension RegistrySnapshot {
    /// Whether the registry knows what rows of that name in the online store are, and nothing
    /// serves them.
    fileprivate func hasNoUse(for storedName: String) -> Bool {
        guard let reference = ViewReference(storedName),
            let newest = self.generations.newest[reference.view]
        else { return false }
        let number = reference.version ?? 1
        guard number <= newest else { return false }
        let generation = self.generation(of: reference.view, version: number)
        return generation?.view.online != true
    }
}

extension RegistryChange {
    /// Whether the online store may have rows of a view or generation that is gone, or no longer
    /// served.
    fileprivate var mayLeaveRowsBehind: Bool {
        guard self.kind == .featureView else { return false }
        // Notes tell of generations that begin or end.
        return self.action == .deleted || self.generation != nil || !self.notes.isEmpty
            || self.action == .changed && self.fields.contains { $0.path == "online" }
    }
}
