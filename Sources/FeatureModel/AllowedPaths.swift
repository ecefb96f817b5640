import Glibc

/// Which files a repository may name: those in its own folder, and those in folders that its
/// configuration allows.
///
/// Links count as what they lead to.
package struct AllowedPaths: Hashable, Sendable {
    /// The folder of the repository.
    package let repository: String
    private let folders: [String]

    /// - Parameters:
    ///   - repository: The absolute path of the repository.
    ///   - others: Further folders; relative ones start from the repository.
    package init(repository: String, others: [String]) {
        self.repository = repository
        self.folders = [repository] + others.map { $0.hasPrefix("/") ? $0 : "\(repository)/\($0)" }
    }

    /// Whether an absolute path stays in one of the folders, whether there is anything or not; the
    /// letters of a pattern mean themselves.
    package func contains(_ path: String) -> Bool {
        guard let path = Self.realPath(path) else { return false }
        // Folders are looked up each time: one that is a link may lead elsewhere by now.
        return self.folders.contains { folder in
            guard let folder = Self.realPath(folder) else { return false }
            return path == folder || folder == "/" || path.hasPrefix(folder + "/")
        }
    }

    /// The fix for a path that is not allowed.
    package static let fix =
        "move the file into the repository, or list its folder under allowed_paths in "
        + "feature_store.yaml"

    /// A path without links; what of it is not there stays as it is written.
    ///
    /// - Returns: `nil` for a path that no file can have, and for one that climbs out of a folder
    ///   that is not there.
    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0) else { return nil }
        if let found = unsafe realpath(path, nil) {
            defer { unsafe free(found) }
            return unsafe String(cString: found)
        }
        // A link that leads nowhere may lead somewhere later.
        var status = stat()
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK { return nil }
        var parts = path.split(separator: "/", omittingEmptySubsequences: true)
        guard let last = parts.popLast() else { return "/" }
        guard last != ".." else { return nil }
        guard let parent = self.realPath("/" + parts.joined(separator: "/")) else { return nil }
        if last == "." { return parent }
        return parent == "/" ? "/\(last)" : "\(parent)/\(last)"
    }
}
