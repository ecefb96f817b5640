import FeatureCompute
import FeatureModel
import OnlineStores

/// A selection of features, compiled once for many reads: which keys to make, and where in which
/// row each value lies.
///
/// Valid for one version of the definitions and one state of the online store's catalogue.
final class ReadPlan: Sendable {
    /// How one view is read.
    ///
    /// An object, so that a loop over views copies one reference.
    final class View: Sendable {
        /// What people call it: `view`, or `view@v1` when another generation is in force.
        let name: String
        /// Makes keys; `nil` when nothing that may be served was loaded for the view.
        let encoder: EntityKeyEncoder?
        /// For each component of a key, the index of its column in ``ReadPlan/joinKeys``.
        let keyColumns: [Int]
        /// How old a row may be, in microseconds; 0 for any age.
        let ttlMicroseconds: Int64
        /// Whether a row is not known before the time at which it was created.
        let obeysCreatedTimes: Bool
        /// The layouts of the rows that the view may have, by schema id.
        let layouts: [Layout]
        /// How to read each wanted feature of the view from rows of these layouts.
        let columns: [RowColumn]
        /// Keeps the rows of the generation alive as long as the plan is used.
        let stored: StoredView?

        init(
            name: String,
            encoder: EntityKeyEncoder?,
            keyColumns: [Int],
            ttlMicroseconds: Int64,
            obeysCreatedTimes: Bool,
            featureCount: Int,
            layouts: [Layout],
            stored: StoredView?
        ) {
            self.name = name
            self.encoder = encoder
            self.keyColumns = keyColumns
            self.ttlMicroseconds = ttlMicroseconds
            self.obeysCreatedTimes = obeysCreatedTimes
            self.layouts = layouts
            self.columns = (0..<featureCount).map { position in
                RowColumn(
                    fields: layouts.map { layout in
                        layout.fields[position].map { layout.layout.field($0) }
                    }
                )
            }
            self.stored = stored
        }

        /// The layout of a schema id.
        func layout(schemaID: UInt16) -> Layout? {
            self.layoutIndex(schemaID: schemaID).map { self.layouts[$0] }
        }

        /// The index of the layout of a schema id.
        func layoutIndex(schemaID: UInt16) -> Int? {
            self.layouts.firstIndex { $0.schemaID == schemaID }
        }
    }

    /// How to find the wanted features in the rows of one schema.
    ///
    /// An object for the same reason.
    final class Layout: Sendable {
        let schemaID: UInt16
        let layout: RowLayout
        /// For each wanted feature of the view, its index in the schema; `nil` when rows of that
        /// schema do not have it yet.
        let fields: [Int?]

        init(schemaID: UInt16, layout: RowLayout, fields: [Int?]) {
            self.schemaID = schemaID
            self.layout = layout
            self.fields = fields
        }
    }

    let joinKeys: [Entity.JoinKey]
    let views: [View]
    let columns: [FeatureResolution.Column]
    /// The features that are computed.
    let computations: [FeatureResolution.Computation]
    /// What a request must bring for them.
    let requestFields: [Field]

    /// Compiles what was resolved against what the store has.
    ///
    /// - Throws: `invalidArgument` when a view is not served online.
    init(
        _ resolution: FeatureResolution,
        definitions: DefinitionSnapshot,
        store: RocksDBOnlineStore
    ) throws(FeatureStoreError) {
        var problems = Problems()
        for view in resolution.views.map(\.view) where !view.online {
            problems.add(
                .invalidArgument,
                about: view.name,
                "feature view \"\(view.name)\" is not served online; set `online: true`, apply and "
                    + "materialize"
            )
        }
        try problems.check()
        let joinKeys = resolution.joinKeys
        var views: [View] = []
        for wanted in resolution.views {
            let description = OnlineViewDescription(wanted.generation)
            let stored = store.storedView(matching: description)
            var encoder: EntityKeyEncoder?
            if let stored {
                do {
                    encoder = try EntityKeyEncoder(
                        joinKeys: wanted.joinKeys,
                        viewID: stored.viewID
                    )
                } catch {
                    throw FeatureStoreError(error)
                }
            }
            let fields = wanted.features.map { wanted.view.schema[$0].name }
            views.append(
                View(
                    name: definitions.name(of: wanted.generation),
                    encoder: encoder,
                    keyColumns: (encoder?.joinKeys ?? []).compactMap { key in
                        wanted.entityKey(of: key).flatMap { joinKeys.firstIndex(of: $0) }
                    },
                    ttlMicroseconds: wanted.source.isStatic ? 0 : wanted.view.ttlMicroseconds,
                    obeysCreatedTimes: wanted.view.filterByCreatedTimestamp,
                    featureCount: fields.count,
                    layouts: (stored?.schemas ?? []).map { schema in
                        Layout(
                            schemaID: schema.id,
                            layout: RowLayout(schema: schema),
                            fields: fields.map { name in
                                schema.fields.firstIndex { $0.name == name }
                            }
                        )
                    },
                    stored: stored
                )
            )
        }
        self.joinKeys = joinKeys
        self.views = views
        self.columns = resolution.columns
        self.computations = resolution.computations
        self.requestFields = resolution.requestFields
    }
}

extension OnlineViewDescription {
    /// A generation of a feature view as the online store knows it.
    init(_ generation: FeatureViewGeneration) {
        self.init(
            name: generation.storedName,
            joinKeys: generation.joinKeys,
            identity: generation.view.rowIdentity(in: generation.source),
            fields: generation.view.schema
        )
    }
}
