/// A feature view as it was defined for a while, with all that reading its rows depends on.
///
/// Rows that are loaded under one generation fit every definition of it: all have the same join
/// keys and the same source, and a later one may only have more features. A view whose keys,
/// source or types change, or which loses a feature, starts its next generation.
public struct FeatureViewGeneration: Hashable, Codable, Sendable {
    /// The number, from 1; never used twice for views of one name in the history of a registry.
    public var number: Int
    /// The view.
    public var view: FeatureView
    /// The source that its rows are read from; see ``FeatureRepository/rowSource(of:)``.
    public var source: DataSource
    /// The names of the push sources that add rows; see ``FeatureRepository/pushSources(of:)``.
    public var pushSources: [String]
    /// The key columns of its entities, in order.
    public var joinKeys: [Entity.JoinKey]

    /// A generation.
    public init(
        number: Int,
        view: FeatureView,
        source: DataSource,
        pushSources: [String] = [],
        joinKeys: [Entity.JoinKey]
    ) {
        self.number = number
        self.view = view
        self.source = source
        self.pushSources = pushSources
        self.joinKeys = joinKeys
    }

    /// The generation as references name it, whether it is in force or not: `view@v2`.
    public var reference: String { "\(self.view.name)@v\(self.number)" }

    /// The name under which the online store holds its rows: `view` for the first generation, then
    /// `view@v2`, `view@v3` and so on.
    package var storedName: String {
        self.number == 1 ? self.view.name : self.reference
    }
}

extension FeatureViewGeneration {
    /// Why rows of this generation cannot be served for a later definition, a sentence part each:
    /// `drops feature "temp"`.
    ///
    /// - Parameters:
    ///   - view: The later definition.
    ///   - source: What its rows are read from.
    ///   - pushSources: The names of the push sources that add rows.
    ///   - joinKeys: Its key columns.
    /// - Returns: Nothing when they can: when at most features were added, or what is said of the
    ///   view for people, its ttl or its place changed.
    package func obstacles(
        to view: FeatureView,
        source: DataSource,
        pushSources: [String],
        joinKeys: [Entity.JoinKey]
    ) -> [String] {
        var obstacles: [String] = []
        let fields = Dictionary(view.schema.map { ($0.name, $0) }) { first, _ in first }
        for old in self.view.schema {
            guard let new = fields[old.name] else {
                obstacles.append("drops feature \"\(old.name)\"")
                continue
            }
            if new.type != old.type {
                obstacles.append("changes feature \"\(old.name)\" from \(old.type) to \(new.type)")
            }
        }
        if Set(self.joinKeys) != Set(joinKeys) {
            obstacles.append(
                "changes the join keys from \(Self.text(self.joinKeys)) to \(Self.text(joinKeys))"
            )
        }
        if self.source.asRead != source.asRead {
            let isSame = self.source.name == source.name
            obstacles.append(
                isSame
                    ? "reads data source \"\(source.name)\" in another way"
                    : "changes the source from \"\(self.source.name)\" to \"\(source.name)\""
            )
        } else {
            // What they pushed is in the online store, and no longer in the history.
            for name in self.pushSources where !pushSources.contains(name) {
                obstacles.append("no longer has the rows of push source \"\(name)\"")
            }
        }
        if self.view.filterByCreatedTimestamp != view.filterByCreatedTimestamp {
            let verb = view.filterByCreatedTimestamp ? "filters" : "no longer filters"
            obstacles.append("\(verb) rows by their created time")
        }
        return obstacles
    }

    private static func text(_ keys: [Entity.JoinKey]) -> String {
        "[" + keys.map { "\($0.name) \($0.type)" }.joined(separator: ", ") + "]"
    }
}

extension DataSource {
    /// The source without what makes no difference to its rows.
    fileprivate var asRead: DataSource {
        var source = self
        source.description = ""
        source.tags = [:]
        source.owner = ""
        source.latenessMicroseconds = 0
        // What is pushed to one source is not what is pushed to another. Other sources are what
        // they read, whatever their names.
        if !self.isPush {
            source.name = ""
        }
        return source
    }
}
