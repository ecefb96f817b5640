import FeatureCompute
import FeatureModel
import OnlineStores

/// The entity rows of one request: ids read as their declared types.
struct EntityColumns: Sendable {
    /// What the answer echoes: the given columns that are join keys, in the request's order.
    private(set) var columns: [OnlineFeatures.EntityColumn] = []
    let rowCount: Int
    /// The request data, one column for each of the plan's request fields; it is not echoed.
    private(set) var requestColumns: [Column] = []
    /// For each join key of the plan, its column in ``columns``.
    private var positions: [Int] = []

    init(
        _ request: OnlineFeaturesRequest,
        plan: ReadPlan,
        definitions: DefinitionSnapshot
    ) throws(FeatureStoreError) {
        // Global features have one row, which needs no key.
        let rowCount = request.entities.first?.values.count ?? (plan.joinKeys.isEmpty ? 1 : 0)
        self.rowCount = rowCount
        if let ragged = request.entities.first(where: { $0.values.count != self.rowCount }) {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "all entity columns must have the same number of rows: "
                    + "\"\(request.entities[0].name)\" has \(self.rowCount), "
                    + "\"\(ragged.name)\" has \(ragged.values.count)"
            )
        }
        var problems = Problems()
        for given in request.entities {
            guard
                let key = plan.joinKeys.first(where: { $0.name == given.name })
                    ?? definitions.repository.joinKey(named: given.name)
            else { continue }
            if self.columns.contains(where: { $0.name == key.name }) {
                problems.add(
                    .invalidArgument,
                    about: "\(key.name), twice",
                    "the join key \"\(key.name)\" is given twice; give it once"
                )
                continue
            }
            do throws(FeatureStoreError) {
                let column = try Column(ids: given.values, digits: given.digits, of: key)
                self.columns.append(.init(name: key.name, values: column))
            } catch {
                problems.add(error.code, about: key.name, error.message)
                self.columns.append(.init(name: key.name, values: Column.empty(key.type)))
            }
        }
        var missing: [String] = []
        for key in plan.joinKeys {
            if let position = self.columns.firstIndex(where: { $0.name == key.name }) {
                self.positions.append(position)
            } else {
                missing.append(key.name)
            }
        }
        if !missing.isEmpty {
            let given = request.entities.map(\.name)
            problems.add(
                .missingJoinKey,
                about: "missing keys",
                "Missing join key values for keys: \(missing.joined(separator: ", ")); given were: "
                    + (given.isEmpty ? "none" : given.joined(separator: ", "))
                    + "; "
                    + (Self.nearMiss(of: missing, among: given)
                        ?? "give each key one value for each entity row")
            )
        }
        self.addRequestData(of: request, plan: plan, problems: &problems)
        try problems.check()
    }

    private mutating func addRequestData(
        of request: OnlineFeaturesRequest,
        plan: ReadPlan,
        problems: inout Problems
    ) {
        var missing: [String] = []
        for field in plan.requestFields {
            let given = request.entities.filter { $0.name == field.name }
            guard let first = given.first else {
                if !missing.contains(field.name) { missing.append(field.name) }
                continue
            }
            if given.count > 1 {
                problems.add(
                    .invalidArgument,
                    about: "\(field.name), twice",
                    "the request data \"\(field.name)\" is given twice; give it once"
                )
            }
            do throws(FeatureStoreError) {
                self.requestColumns.append(
                    try Column(requestData: first.values, digits: first.digits, of: field)
                )
            } catch {
                problems.add(error.code, about: "data \(field.name)", error.message)
            }
        }
        guard !missing.isEmpty else { return }
        let views = Set(plan.computations.filter { $0.needs(missing) }.map(\.computed.view))
        let names = missing.map { "'\($0)'" }.joined(separator: ", ")
        problems.add(
            .missingRequestData,
            about: "missing request data",
            "Required request data source features [\(names)] not found in the entity rows, but "
                + "required by feature views: \(views.sorted().joined(separator: ", ")); give "
                + "them beside the join keys, one value for each row"
        )
    }

    /// The column that was probably meant for a missing key.
    private static func nearMiss(of missing: [String], among given: [String]) -> String? {
        for key in missing {
            if let name = nearestNames(to: key, among: given).first {
                return "did you mean \"\(key)\" by \"\(name)\"?"
            }
        }
        return nil
    }

    /// Appends the key of each row for a view, and its index among all keys, which is -1 when the
    /// view holds nothing or an id is null.
    func appendKeys(of view: ReadPlan.View, to keys: inout KeyBatch, indices: inout [Int]) {
        guard let encoder = view.encoder else {
            indices.append(contentsOf: repeatElement(-1, count: self.rowCount))
            return
        }
        if view.keyColumns.count == 1 {
            let column = self.columns[self.positions[view.keyColumns[0]]].values
            if case .integers(let ids) = column.storage, column.nulls == nil {
                indices.append(contentsOf: keys.count..<keys.count + ids.count)
                encoder.appendKeys(integers: ids.span, to: &keys)
                return
            }
        }
        for row in 0..<self.rowCount {
            indices.append(self.appendKey(encoder, view.keyColumns, row: row, to: &keys))
        }
    }

    private func appendKey(
        _ encoder: EntityKeyEncoder,
        _ keyColumns: [Int],
        row: Int,
        to keys: inout KeyBatch
    ) -> Int {
        for key in keyColumns where self.columns[self.positions[key]].values.isNull(at: row) {
            return -1
        }
        encoder.begin(into: &keys.bytes)
        for key in keyColumns {
            switch self.columns[self.positions[key]].values.storage {
            case .integers(let values):
                encoder.append(integer: values[row], into: &keys.bytes)
            case .bytes(let values):
                let span = values.bytes.span.extracting(values.range(at: row))
                encoder.append(bytes: span, into: &keys.bytes)
            case .floats:
                preconditionFailure("a float is no join key")
            }
        }
        encoder.finish(into: &keys.bytes)
        keys.endKey()
        return keys.count - 1
    }
}

extension FeatureRepository {
    /// The join key of that name, or the only key of the entity of that name.
    fileprivate func joinKey(named name: String) -> Entity.JoinKey? {
        for entity in self.entities {
            if let key = entity.joinKeys.first(where: { $0.name == name }) { return key }
        }
        guard let entity = self.entity(name), entity.joinKeys.count == 1 else { return nil }
        return entity.joinKeys[0]
    }
}

extension FeatureResolution.Computation {
    /// Whether one of these values of the request is an input.
    fileprivate func needs(_ names: [String]) -> Bool {
        self.computed.inputs.contains { $0.isRequest && names.contains($0.field.name) }
    }
}

extension Column {
    /// A column without rows.
    static func empty(_ type: ValueType) -> Column {
        ColumnBuilder(type: type).finish()
    }
}
