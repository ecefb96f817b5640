package import FeatureModel

/// What a view should look like in the store.
package struct OnlineViewDescription: Hashable, Sendable {
    package var name: String
    /// The join keys, in any order.
    package var joinKeys: [Entity.JoinKey]
    /// Whatever makes old rows useless when it changes, such as the source; compared, not read.
    package var identity: String
    /// The features, in the order in which rows give them.
    package var fields: [Field]

    package init(
        name: String,
        joinKeys: [Entity.JoinKey],
        identity: String,
        fields: [Field]
    ) {
        self.name = name
        self.joinKeys = joinKeys
        self.identity = identity
        self.fields = fields
    }
}
