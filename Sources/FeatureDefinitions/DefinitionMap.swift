import FeatureModel
import Yams

/// One map of a definition file, read key by key.
///
/// Every read reports what is wrong with its value and then returns `nil`, as it does for an absent
/// key; the part is marked unreadable, so that nothing else is said about it.
struct DefinitionMap {
    let collector: DefinitionCollector
    let file: String
    /// What the map defines, for messages: `feature view "weather"`.
    var subject: String
    /// The object that the map belongs to; `nil` while its name is not known.
    private(set) var owner: DefinitionOwner?
    /// The key of the object's own map that this map lies under; `nil` for the object's own.
    let ownerKey: String?
    /// Whether places of parts are recorded: they are for the first object of a name.
    var recordsPlaces = false
    let place: SourceLocation
    private let pairs: [(name: String, key: Node, value: Node)]

    /// The map of an object, or outside of all objects.
    init?(_ node: Node, file: String, subject: String, collector: DefinitionCollector) {
        self.init(
            node,
            file: file,
            subject: subject,
            collector: collector,
            owner: nil,
            ownerKey: nil
        )
    }

    private init?(
        _ node: Node,
        file: String,
        subject: String,
        collector: DefinitionCollector,
        owner: DefinitionOwner?,
        ownerKey: String?
    ) {
        self.collector = collector
        self.file = file
        self.subject = subject
        self.owner = owner
        self.ownerKey = ownerKey
        self.place = node.place(in: file)
        guard let mapping = node.mapping else {
            collector.report(
                "\(subject) must be a map, not \(node.title)",
                fix: "write \"key: value\" pairs",
                at: self.place
            )
            return nil
        }
        var pairs: [(name: String, key: Node, value: Node)] = []
        for (key, value) in mapping {
            if let name = key.scalar?.string {
                pairs.append((name, key, value))
            } else {
                collector.report(
                    "\(subject) has a key that is \(key.title)",
                    fix: "keys are words",
                    at: key.place(in: file)
                )
            }
        }
        self.pairs = pairs
    }

    /// A map that lies under a key of this one.
    func map(_ node: Node, under key: String, subject: String) -> DefinitionMap? {
        var map = DefinitionMap(
            node,
            file: self.file,
            subject: subject,
            collector: self.collector,
            owner: self.owner,
            ownerKey: self.ownerKey ?? key
        )
        map?.recordsPlaces = self.recordsPlaces
        if map == nil {
            self.markUnreadable(key)
        }
        return map
    }

    // MARK: The object

    /// Reads `name`, and from then on speaks of the object by it.
    ///
    /// - Parameters:
    ///   - kind: What the map defines.
    ///   - fallback: The name when there is none in the map.
    /// - Returns: The name, or an empty text when it could not be read.
    mutating func beginObject(_ kind: DefinitionKind, fallback: String? = nil) -> String {
        let name: String?
        if self["name"] == nil, let fallback {
            name = fallback
        } else {
            name = self.text("name")
        }
        guard let name else {
            self.collector.unreadable.insert(objectsOf: kind)
            return ""
        }
        let owner = DefinitionOwner(kind: kind, name: name)
        self.owner = owner
        self.subject = "\(kind.title) \"\(name)\""
        self.recordsPlaces = self.collector.begin(owner, at: self.place)
        if self.recordsPlaces {
            for pair in self.pairs {
                self.record(pair.value, part: pair.name)
            }
        }
        return name
    }

    /// Records the place of a part of the object.
    func record(_ node: Node, part: String) {
        guard self.recordsPlaces, let owner = self.owner else { return }
        self.collector.locations.record(
            node.place(in: self.file),
            of: owner.kind,
            owner.name,
            part: part
        )
    }

    // MARK: Keys

    /// The keys, in the order of the file.
    var keys: [String] { self.pairs.map(\.name) }

    /// All pairs, in the order of the file.
    var entries: [(name: String, key: Node, value: Node)] { self.pairs }

    /// The value of a key.
    subscript(key: String) -> Node? {
        self.pairs.first { $0.name == key }?.value
    }

    /// Reports keys that a table does not have, and required ones that are missing.
    func check(_ keys: DefinitionKeys) {
        self.checkKeys(required: keys.required, optional: keys.optional)
    }

    /// Reports unknown keys, and required ones that are missing.
    ///
    /// A missing key that an unknown one was probably meant for is not reported as well.
    func checkKeys(required: [String], optional: [String], foreign: [String: String] = [:]) {
        let known = required + optional
        var excused: Set<String> = []
        for pair in self.pairs where !known.contains(pair.name) {
            let place = pair.key.place(in: self.file)
            if let reason = foreign[pair.name] {
                self.collector.report(
                    "\(self.subject) has the key \"\(pair.name)\", \(reason)",
                    fix: "remove it",
                    at: place
                )
                continue
            }
            for name in nearestNames(to: pair.name, among: known) where self[name] == nil {
                excused.insert(name)
                self.markUnreadable(name)
            }
            self.collector.report(
                "\(self.subject) has an unknown key \"\(pair.name)\"",
                fix: Self.keySuggestion(for: pair.name, among: known),
                at: place
            )
        }
        for key in required where self[key] == nil && !excused.contains(key) {
            self.collector.report(
                "\(self.subject) has no \"\(key)\"",
                fix: "add \"\(key): …\"",
                at: self.place
            )
            self.markUnreadable(key)
        }
    }

    private static func keySuggestion(for name: String, among known: [String]) -> String {
        if !nearestNames(to: name, among: known).isEmpty {
            return suggestion(for: name, among: known, noun: "key")
        }
        return "the keys are: " + known.joined(separator: ", ")
    }

    /// Remembers that nothing more is to be said about a key.
    func markUnreadable(_ key: String) {
        guard let owner = self.owner else { return }
        self.collector.unreadable.insert(self.ownerKey ?? key, of: owner.kind, owner.name)
    }

    /// Reports that the value of a key is not what it must be.
    func report(_ key: String, _ node: Node, mustBe wanted: String, fix: String) {
        self.report(
            key,
            node,
            "\"\(key)\" of \(self.subject) must be \(wanted), not \(node.title)",
            fix: fix
        )
    }

    /// Reports a problem at a value.
    func report(_ key: String, _ node: Node, _ message: String, fix: String) {
        self.collector.report(message, fix: fix, at: node.place(in: self.file))
        self.markUnreadable(key)
    }
}
