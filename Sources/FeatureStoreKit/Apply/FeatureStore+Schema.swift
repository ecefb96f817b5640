public import FeatureModel
import OfflineStores

extension FeatureStore {
    /// The schemas that the sources of feature views suggest for them.
    ///
    /// Join keys and times are left out, and `field_mapping` is followed. Nothing is written.
    ///
    /// - Parameters:
    ///   - files: The repository.
    ///   - views: The views; empty for all whose definition has no `schema`.
    /// - Returns: A proposal for each view, in the order of the arguments or of the definitions.
    /// - Throws: ``FeatureStoreError``: `featureViewNotFound`; `invalidArgument` for definitions or
    ///   sources that are wrong in another way.
    public func proposedSchemas(
        _ files: LoadedRepository,
        views: [String] = []
    ) throws(FeatureStoreError) -> [SchemaProposal] {
        let errors = self.definitionProblems(of: files).filter { $0.severity == .error }
        guard errors.isEmpty else {
            throw FeatureStoreError(DiagnosticsError(diagnostics: errors))
        }
        let all = files.repository.featureViews
        var wanted = all.filter { files.viewsWithoutSchema.contains($0.name) }
        if !views.isEmpty {
            wanted = []
            for name in views {
                guard let view = files.repository.featureView(name) else {
                    let wayOut = DefinitionKind.featureView.wayOut(of: name, among: all.map(\.name))
                    throw FeatureStoreError(
                        code: .featureViewNotFound,
                        message: "there is no feature view \"\(name)\"; \(wayOut)"
                    )
                }
                wanted.append(view)
            }
        }
        var proposals: [SchemaProposal] = []
        for view in wanted {
            proposals.append(try self.proposedSchema(of: view, in: files.repository))
        }
        return proposals
    }

    private func proposedSchema(
        of view: FeatureView,
        in repository: FeatureRepository
    ) throws(FeatureStoreError) -> SchemaProposal {
        guard let source = repository.rowSource(of: view), !source.isPush else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "all rows of feature view \"\(view.name)\" are pushed, and nothing "
                    + "suggests a schema; list its features by hand"
            )
        }
        do {
            return try self.sources.proposedSchema(
                of: view,
                source: source,
                joinKeys: repository.joinKeys(of: view)
            )
        } catch {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "source \"\(source.name)\": \(error.message)",
                cause: error
            )
        }
    }

    /// What is wrong with the definitions, but for schemas that are missing.
    func definitionProblems(of files: LoadedRepository) -> [Diagnostic] {
        var unreadable = UnreadableParts()
        for view in files.viewsWithoutSchema {
            unreadable.insert("schema", of: .featureView, view)
        }
        return files.repository.problems(
            locations: files.locations,
            configuration: files.configuration,
            unreadable: unreadable
        )
    }

    /// A problem for each view without a schema, with the one that its source suggests.
    func missingSchemaProblems(
        of files: LoadedRepository
    ) throws(FeatureStoreError) -> [Diagnostic] {
        guard !files.viewsWithoutSchema.isEmpty else { return [] }
        var problems: [Diagnostic] = []
        for view in files.repository.featureViews
        where files.viewsWithoutSchema.contains(view.name) {
            let place = files.locations.location(of: .featureView, view.name)
            if files.repository.rowSource(of: view)?.isPush == true {
                problems.append(
                    Diagnostic(
                        message: "feature view \"\(view.name)\" has no schema",
                        fix: "all its rows are pushed, and nothing suggests one: "
                            + "list its features, schema: [{ name: …, dtype: float32 }]",
                        location: place
                    )
                )
                continue
            }
            let proposal = try self.proposedSchema(of: view, in: files.repository)
            let lines = proposal.yaml(indentation: (place?.column ?? 5) - 1)
            let count = proposal.sampledRows
            let rows =
                count == 1 ? "1 row of its source suggests" : "\(count) rows of its source suggest"
            let fix =
                proposal.features.isEmpty
                ? "its source has no column that could be a feature: "
                    + "name a source that has some"
                : "\(rows) the lines below; paste them into the view, or "
                    + "run `fstore infer-schema \(proposal.view) --write`:\n"
                    + lines.joined(separator: "\n")
            problems.append(
                Diagnostic(
                    message: "feature view \"\(proposal.view)\" has no schema",
                    fix: fix,
                    location: place
                )
            )
        }
        return problems
    }
}
