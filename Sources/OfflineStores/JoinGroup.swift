import FeatureCompute
import FeatureModel

/// Views that are read in one scan: those with the same rows of one source and the same keys.
struct JoinGroup {
    /// The views.
    private(set) var views: [HistoricalJoin.View]
    /// Their places among all views.
    private(set) var members: [Int]
    /// The features of all views, each once.
    private(set) var schema: [Field]
    /// By feature: whether a view wants it.
    private var isWanted: [Bool] = []
    private var places: [Place: Int] = [:]

    init(_ view: HistoricalJoin.View, member: Int = 0) {
        self.views = []
        self.members = []
        self.schema = []
        self.add(view, member: member)
    }

    /// Puts views together, in the order of each group's first.
    ///
    /// - Parameters:
    ///   - views: The views.
    ///   - joins: Whether a view may be read together with others.
    /// - Returns: The groups; every view is in one.
    static func groups(
        of views: [HistoricalJoin.View],
        where joins: (HistoricalJoin.View) -> Bool
    ) -> [JoinGroup] {
        var groups: [JoinGroup] = []
        for (member, view) in views.enumerated() {
            if joins(view), let index = groups.firstIndex(where: { $0.takes(view) }) {
                groups[index].add(view, member: member)
            } else {
                groups.append(JoinGroup(view, member: member))
            }
        }
        return groups
    }

    /// What progress calls the group.
    var name: String {
        self.views.count == 1
            ? self.views[0].name : "\(self.views[0].name) and \(self.views.count - 1) more"
    }

    /// How long rows stay valid for one of the views at least; 0 for ever.
    var ttlMicroseconds: Int64 {
        let all = self.views.map(\.ttlMicroseconds)
        return self.views[0].source.isStatic || all.contains(0) ? 0 : all.max() ?? 0
    }

    /// The types of the wanted features, in the order of the schema.
    var wantedTypes: [ValueType] {
        self.schema.indices.filter { self.isWanted[$0] }.map { self.schema[$0].type }
    }

    /// About how many bytes the wanted features of a row take.
    var rowSize: Int {
        self.wantedTypes.reduce(0) { $0 + ($1.physicalType == .bytes ? 40 : 8) }
    }

    /// By view, and by its wanted features: the place among all wanted features of the group.
    var positions: [[Int]] {
        var ranks: [Int] = []
        for isWanted in self.isWanted {
            ranks.append((ranks.last ?? -1) + (isWanted ? 1 : 0))
        }
        return self.views.map { view in
            view.wanted.compactMap { self.index(of: view.schema[$0]).map { ranks[$0] } }
        }
    }

    /// What to read.
    func scan(_ filter: KeyFilter, strict: Bool) -> SourceScan {
        SourceScan(
            source: self.views[0].source,
            pushSources: self.views[0].pushSources,
            joinKeys: self.views[0].joinKeys,
            features: self.schema,
            wanted: self.isWanted,
            keyFilter: filter,
            strict: strict
        )
    }

    private func takes(_ view: HistoricalJoin.View) -> Bool {
        let first = self.views[0]
        return first.source == view.source && first.pushSources == view.pushSources
            && first.joinKeys == view.joinKeys && first.entityKeys == view.entityKeys
    }

    private mutating func add(_ view: HistoricalJoin.View, member: Int) {
        self.views.append(view)
        self.members.append(member)
        for (index, field) in view.schema.enumerated() {
            let position: Int
            if let known = self.index(of: field) {
                position = known
            } else {
                position = self.schema.count
                self.places[Place(field)] = position
                self.schema.append(field)
                self.isWanted.append(false)
            }
            if view.wanted.contains(index) { self.isWanted[position] = true }
        }
    }

    private func index(of field: Field) -> Int? {
        self.places[Place(field)]
    }
}

/// What tells features apart: the code points of the name, and the type.
private struct Place: Hashable {
    let name: [UInt8]
    let type: ValueType

    init(_ field: Field) {
        self.name = Array(field.name.utf8)
        self.type = field.type
    }
}
