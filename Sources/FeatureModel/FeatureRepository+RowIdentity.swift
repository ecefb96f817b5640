extension FeatureRepository {
    /// What the online rows of a view come from: a text that differs when the rows would.
    ///
    /// Rows of another source, or of a source that is read in another way, are other rows, whatever
    /// the view's name; and so are those that a view sees which filters by created time.
    ///
    /// - Returns: `nil` when the repository does not define the view's source.
    package func rowIdentity(of view: FeatureView) -> String? {
        self.rowSource(of: view).map { view.rowIdentity(in: $0) }
    }
}

extension FeatureView {
    /// What the online rows of the view come from when they come from that source.
    package func rowIdentity(in source: DataSource) -> String {
        var source = source
        source.description = ""
        source.tags = [:]
        source.owner = ""
        source.latenessMicroseconds = 0
        var parts = DefinitionFields(source).fields.map { "\($0.path)=\($0.value)" }
        if self.filterByCreatedTimestamp {
            parts.append("filter_by_created_timestamp=true")
        }
        return parts.joined(separator: "\n")
    }
}
