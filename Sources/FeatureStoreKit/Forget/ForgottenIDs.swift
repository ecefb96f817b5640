import FeatureCompute
import FeatureModel
import OfflineStores

/// The ids that are being forgotten, and where the project keeps such ids.
///
/// They are named, by somebody who has them forgotten, or remembered: then only their tombstones
/// are known, and until when rows with them do not count.
struct ForgottenIDs {
    /// Those that are remembered; `nil` for ids that are named, whose rows all go.
    private let remembered: Tombstones?
    /// By join key: the ids as tombstones hash them.
    private var ids: [String: Set<[UInt8]>] = [:]
    /// As people write them.
    private var texts: Set<String> = []
    /// By join key: the types that views give it.
    private let types: [String: Set<ValueType>]
    /// By column of a push or of entity rows: the join keys that it may hold.
    private let columns: [String: Set<String>]

    /// - Parameters:
    ///   - entities: The entities.
    ///   - places: Where the project keeps ids.
    /// - Throws: `missingJoinKey` when there are none; `invalidArgument` for names that are no join
    ///   keys, `invalidValue` for values that cannot be the type of their key.
    init(
        _ entities: [ForgetRequest.Entity],
        _ places: JoinKeyPlaces
    ) throws(FeatureStoreError) {
        guard !entities.isEmpty else {
            throw FeatureStoreError(
                code: .missingJoinKey,
                message: "no entity is named; give a join key and an id, such as user_id=42"
            )
        }
        self.remembered = nil
        self.types = places.types
        self.columns = places.columns
        for entity in entities {
            guard let types = self.types[entity.joinKey] else {
                throw places.unknown(entity.joinKey)
            }
            try self.add(entity, types.sorted { "\($0)" < "\($1)" })
        }
    }

    /// The ids of tombstones.
    init(_ tombstones: Tombstones, _ places: JoinKeyPlaces) {
        self.remembered = tombstones
        self.types = places.types
        self.columns = places.columns
    }

    private mutating func add(
        _ entity: ForgetRequest.Entity,
        _ types: [ValueType]
    ) throws(FeatureStoreError) {
        var mismatch: FeatureStoreError?
        var isRead = false
        for type in types {
            let key = Entity.JoinKey(name: entity.joinKey, type: type)
            do throws(FeatureStoreError) {
                let digits = entity.digits.map { [0: $0] } ?? [:]
                let column = try Column(ids: [entity.id], digits: digits, of: key)
                guard !column.isNull(at: 0) else {
                    throw FeatureStoreError(
                        code: .invalidValue,
                        message: "the id of join key \"\(key.name)\" is null; give a value"
                    )
                }
                var id: [UInt8] = []
                Tombstones.append(id: column, at: 0, to: &id)
                self.ids[key.name, default: []].insert(id)
                self.texts.insert(GivenCell(column[0]).description.trimmedOfQuotes)
                if case .string(let text) = entity.id { self.texts.insert(text) }
                isRead = true
            } catch {
                mismatch = error
            }
        }
        if !isRead, let mismatch { throw mismatch }
    }

    /// The ids, one by one.
    var all: [(joinKey: String, id: [UInt8])] {
        self.ids.sorted { $0.key < $1.key }.flatMap { key, ids in
            ids.sorted { $0.lexicographicallyPrecedes($1) }.map { (joinKey: key, id: $0) }
        }
    }

    /// Until when rows with the id of a join key do not count, in microseconds; `nil` when it is
    /// none of them.
    func limit(ofJoinKey joinKey: String, _ id: [UInt8]) -> Int64? {
        if let remembered { return remembered.time(ofJoinKey: Array(joinKey.utf8), id: id) }
        return self.ids[joinKey]?.contains(id) == true ? .max : nil
    }

    /// Whether there are any of a join key.
    func hasIDs(ofJoinKey joinKey: String) -> Bool {
        self.remembered?.joinKeys.contains(joinKey) ?? (self.ids[joinKey] != nil)
    }

    /// Until when rows with such a cell in a column do not count, in microseconds; `nil` when it is
    /// none of them.
    func limit(column: String, _ cell: GivenCell) -> Int64? {
        guard let joinKeys = self.columns[column], cell != .null else { return nil }
        var parser = CellParser()
        var latest: Int64?
        for joinKey in joinKeys where self.hasIDs(ofJoinKey: joinKey) {
            for type in self.types[joinKey] ?? [] {
                let cellType = CellType(type)
                var id: [UInt8] = []
                if cellType.kind.physicalType == .integer {
                    guard let value = parser.integer(cell, kind: cellType.kind) else { continue }
                    Tombstones.append(id: value, to: &id)
                } else {
                    guard parser.appendCanonical(cell, type: cellType, to: &id) else { continue }
                }
                guard let limit = self.limit(ofJoinKey: joinKey, id) else { continue }
                latest = max(latest ?? .min, limit)
            }
        }
        return latest
    }

    /// Whether a column may hold ids of the join keys.
    func isKey(column: String) -> Bool {
        self.columns[column]?.contains { self.hasIDs(ofJoinKey: $0) } ?? false
    }

    /// How many bytes an id has at least that is found anywhere in a text, and not as a word alone.
    private static let longID = 6

    /// Whether a text has one of the ids in it: a long one anywhere, a short one as a word.
    func isMentioned(in text: String) -> Bool {
        let bytes = Array(text.utf8)
        func isWhole(_ range: Range<Int>) -> Bool {
            if range.count >= Self.longID { return true }
            return !(range.lowerBound > 0 && bytes[range.lowerBound - 1].isLetterOrDigit)
                && !(range.upperBound < bytes.count && bytes[range.upperBound].isLetterOrDigit)
        }
        if let remembered { return remembered.isMentioned(in: bytes, where: isWhole) }
        return self.texts.contains { id in
            let wanted = Array(id.utf8)
            guard !wanted.isEmpty, wanted.count <= bytes.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { start in
                let end = start + wanted.count
                return bytes[start..<end].elementsEqual(wanted) && isWhole(start..<end)
            }
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        let scalar = UnicodeScalar(self)
        return self >= 0x80 || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
    }
}

extension String {
    /// The text of a JSON string that has nothing to be escaped, or any other text as it is.
    fileprivate var trimmedOfQuotes: String {
        self.count > 2 && self.hasPrefix("\"") && self.hasSuffix("\"")
            ? String(self.dropFirst().dropLast()) : self
    }
}

/// Where a project keeps the ids of its join keys, by all definitions that it ever had.
struct JoinKeyPlaces {
    private(set) var types: [String: Set<ValueType>] = [:]
    private(set) var columns: [String: Set<String>] = [:]
    /// By push source, or view that rows were written to: the columns that say when a row became
    /// true.
    private(set) var timeColumns: [String: Set<String>] = [:]
    /// The sources that rows are read from, each way of reading them once.
    private(set) var sources: [FeatureViewGeneration] = []

    /// Takes up the definitions of one version.
    mutating func add(_ snapshot: RegistrySnapshot) {
        for view in snapshot.repository.featureViews {
            for generation in snapshot.generations(of: view.name) {
                self.add(generation)
            }
        }
        for entity in snapshot.repository.entities {
            for key in entity.joinKeys {
                self.types[key.name, default: []].insert(key.type)
                self.columns[key.name, default: []].insert(key.name)
            }
        }
        for service in snapshot.repository.featureServices {
            for projection in service.features {
                for (key, column) in projection.joinKeyMap {
                    self.columns[column, default: []].insert(key)
                }
            }
        }
    }

    private mutating func add(_ generation: FeatureViewGeneration) {
        for key in generation.joinKeys {
            self.types[key.name, default: []].insert(key.type)
            self.columns[key.name, default: []].insert(key.name)
            let column = generation.source.sourceColumn(for: key.name)
            self.columns[column, default: []].insert(key.name)
        }
        let source = generation.source
        if let column = source.timestampField ?? source.createdTimestampColumn {
            for name in generation.pushSources + [generation.view.name, generation.reference] {
                self.timeColumns[name, default: []].insert(column)
            }
        }
        let isKnown = self.sources.contains {
            $0.source == generation.source && $0.joinKeys == generation.joinKeys
        }
        if !isKnown { self.sources.append(generation) }
    }

    /// The error for a name that is no join key.
    func unknown(_ name: String) -> FeatureStoreError {
        let known = self.types.keys.sorted()
        if let keys = self.columns[name]?.sorted(), let key = keys.first {
            return FeatureStoreError(
                code: .invalidArgument,
                message: "\"\(name)\" is a column that holds the join key \"\(key)\"; forget by "
                    + "the join key: \(key)=…"
            )
        }
        return FeatureStoreError(
            code: .invalidArgument,
            message: "there is no join key \"\(name)\"; "
                + suggestion(for: name, among: known, noun: "join key")
        )
    }
}
