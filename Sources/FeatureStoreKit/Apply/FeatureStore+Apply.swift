public import FeatureModel
public import FeatureRegistry
import NativeStorage
import OfflineStores
import OnlineStores

extension FeatureStore {
    /// What applying a repository would change; nothing is changed.
    ///
    /// The definitions are checked against each other and against their sources: files, tables,
    /// columns and types.
    ///
    /// - Parameters:
    ///   - files: The repository, of this store's project.
    ///   - base: What was applied before the files were read; what others apply from then on is no
    ///     change of these files, and stays. `nil` for what is applied now.
    /// - Returns: The changes from the newest version of the registry, and what is odd but stops
    ///   nothing: a few values of a column that cannot be its type, say.
    /// - Throws: ``FeatureStoreError``: `invalidArgument` with all problems at once, each with its
    ///   place, and a `DiagnosticsError` as its cause; `conflict` when others changed the same
    ///   since `base`. A view without a schema is such a problem; it shows the schema that the
    ///   view's source suggests.
    public func plan(
        _ files: LoadedRepository,
        since base: RegistrySnapshot? = nil
    ) throws(FeatureStoreError) -> RegistryPlan {
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
        var plan: RegistryPlan
        try self.completeRestore()
        do {
            let current = try self.registry.snapshot()
            plan = RegistryPlan(
                from: base ?? current,
                to: files.repository,
                project: files.configuration.project,
                offlineStorePath: files.configuration.offlineStore.path
            )
            plan.warnings = problems
            if plan.baseVersion != current.version { plan = try plan.rebased(onto: current) }
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
    /// What others applied since the plan was made stays, when the two changes touch different
    /// objects: the plan is made anew from there, by ``RegistryPlan/rebased(onto:)``.
    ///
    /// - Parameters:
    ///   - plan: What ``plan(_:since:)`` returned.
    ///   - allowDestroy: Whether changes that lose data, or that a feature service would notice,
    ///     are wanted.
    /// - Returns: The registry's version afterwards.
    /// - Throws: ``FeatureStoreError``: `conflict` when another apply came first that changed the
    ///   same objects in another way; `invalidArgument` for destructive changes that are not
    ///   allowed, with their reasons.
    @discardableResult
    public func apply(
        _ plan: RegistryPlan,
        allowDestroy: Bool = false
    ) throws(FeatureStoreError) -> Int {
        try self.applied(plan, allowDestroy: allowDestroy).version
    }

    /// The same, with the plan that was applied in the end.
    package func applied(
        _ plan: RegistryPlan,
        allowDestroy: Bool = false
    ) throws(FeatureStoreError) -> (plan: RegistryPlan, version: Int) {
        let names = plan.changes.map { "\($0.kind.title) \($0.name)" }
        return try self.audited(.apply, names) { (details) throws(FeatureStoreError) in
            details.isNothing = plan.isEmpty
            let result = try self.putInForce(plan, allowDestroy: allowDestroy)
            details.count("registry_version", result.version)
            return result
        }
    }

    private func putInForce(
        _ plan: RegistryPlan,
        allowDestroy: Bool
    ) throws(FeatureStoreError) -> (plan: RegistryPlan, version: Int) {
        try self.checkWritable("definitions cannot be applied to it")
        var plan = plan
        while true {
            if !allowDestroy { try plan.checkLosses() }
            do throws(RegistryError) {
                do {
                    _ = try self.registry.apply(plan, at: self.now())
                    break
                } catch {
                    let current = try self.registry.snapshot()
                    // Else the versions agree by now, or another project has the registry.
                    guard error.code == .conflict, plan.baseVersion < current.version else {
                        throw error
                    }
                    plan = try plan.rebased(onto: current)
                }
            } catch {
                throw FeatureStoreError(error)
            }
        }
        let definitions = try self.reloadDefinitions()
        try self.forgetWaitingRows(definitions)
        if plan.changes.contains(where: \.mayLeaveRowsBehind) {
            try self.dropUnservedViewsIfFree(definitions)
        }
        return (plan, definitions.version)
    }

    /// Removes all definitions, as a new version of the registry, all online rows, and the caches
    /// of sources.
    ///
    /// Sources are never touched.
    ///
    /// - Returns: The registry's version afterwards.
    @discardableResult
    public func teardown() throws(FeatureStoreError) -> Int {
        try self.checkWritable("it cannot be torn down")
        return try self.audited(.teardown) { (details) throws(FeatureStoreError) in
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
        removeFile(self.paths.appliedFiles)
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
            if self.snapshotPath != nil { try self.hideForgottenRows(of: online.store) }
            // While the disk is full there is nothing else to be done about it.
            try? online.store.recover()
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
        guard self.snapshotPath == nil else { return }
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
            try self.dropUnservedViews(
                of: try self.online(waits: false),
                definitions: definitions
            )
        } catch  where error.code == .conflict {
            return
        }
    }

    func sourceProblems(of files: LoadedRepository) -> [Diagnostic] {
        let repository = files.repository
        let views = repository.featureViews.compactMap { view in
            repository.rowSource(of: view).map { source in
                (view: view, source: source, joinKeys: repository.joinKeys(of: view))
            }
        }
        var problems: [Diagnostic] = []
        for ((view, source, _), found) in zip(views, self.sources.problems(of: views)) {
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

extension RegistryPlan {
    /// Refuses changes that lose data or break a service.
    fileprivate func checkLosses() throws(FeatureStoreError) {
        guard self.isDestructive else { return }
        let reasons = self.changes.filter(\.isDestructive).flatMap { change in
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
}

extension RegistrySnapshot {
    /// Whether the registry knows what rows of that name in the online store are, and nothing
    /// serves them.
    func hasNoUse(for storedName: String) -> Bool {
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
