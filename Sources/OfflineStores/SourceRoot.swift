package import FeatureModel

/// Where the paths of sources start from, and where they may lead.
package struct SourceRoot: Hashable, Sendable {
    /// The directory that relative paths start from.
    package let path: String
    /// Where sources may lie; `nil` for anywhere.
    let allowed: AllowedPaths?

    package init(_ path: String, allowed: AllowedPaths? = nil) {
        self.path = path
        self.allowed = allowed
    }

    /// Refuses a file, or a pattern of files, that the repository may not name.
    ///
    /// - Parameter absolute: Its absolute path.
    /// - Throws: `outsideRepository`.
    func check(_ absolute: String) throws(OfflineStoreError) {
        guard let allowed = self.allowed, !allowed.contains(absolute) else { return }
        throw OfflineStoreError(
            code: .outsideRepository,
            message: "\(absolute) lies outside of the repository \(allowed.repository), or leads "
                + "out of it; \(AllowedPaths.fix)"
        )
    }
}
