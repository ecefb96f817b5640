import FeatureModel
import Glibc

/// The files that a path or a glob names.
enum FilePattern {
    /// A path that is absolute, or else lies below `root`.
    static func absolutePath(_ path: String, root: SourceRoot) -> String {
        if path.hasPrefix("/") { return path }
        return root.path.hasSuffix("/") ? root.path + path : root.path + "/" + path
    }

    /// Whether a path has letters that a glob gives a meaning.
    static func isGlob(_ path: String) -> Bool {
        path.contains { $0 == "*" || $0 == "?" || $0 == "[" }
    }

    /// The files of a source, in ascending order of their names' bytes.
    ///
    /// A path that exists is that file, whatever letters it has; else `*`, `?` and `[…]` match
    /// inside one directory level.
    ///
    /// - Throws: `missingFile` when there is none, naming what was looked for; `outsideRepository`
    ///   when one lies where the repository may not look.
    static func files(_ path: String, root: SourceRoot) throws(OfflineStoreError) -> [String] {
        try self.checkNUL(path)
        let absolute = self.absolutePath(path, root: root)
        // First of all: what is there, outside, is not told.
        try root.check(absolute)
        if unsafe access(absolute, F_OK) == 0 {
            try self.checkIsFile(absolute)
            return [absolute]
        }
        guard self.isGlob(path) else {
            throw OfflineStoreError(
                code: .missingFile,
                message: "there is no file \(absolute); \(self.hint(forMissing: absolute))",
                missingPath: path
            )
        }
        // Letters of the root mean themselves.
        let pattern = path.hasPrefix("/") ? path : self.escaped(root.path) + "/" + path
        let matches = self.matches(pattern).sorted { left, right in
            left.utf8.lexicographicallyPrecedes(right.utf8)
        }
        guard !matches.isEmpty else {
            throw OfflineStoreError(
                code: .missingFile,
                message: "no file matches \(absolute); \(self.hint(forMissing: absolute))",
                missingPath: path
            )
        }
        for match in matches {
            try root.check(match)
            try self.checkIsFile(match)
        }
        return matches
    }

    /// Refuses a path that the system would read up to a NUL alone.
    static func checkNUL(_ path: String) throws(OfflineStoreError) {
        guard path.utf8.contains(0) else { return }
        throw OfflineStoreError(
            code: .outsideRepository,
            message: "the path \(path.debugDescription) has a NUL in it, as no file has; "
                + "take it out"
        )
    }

    /// Refuses a pipe or a device: reading it may wait for ever, and never gives the same twice.
    static func checkIsFile(_ path: String) throws(OfflineStoreError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        // What is wrong with a folder is told when it is opened.
        case S_IFREG, S_IFDIR: return
        default:
            throw OfflineStoreError(
                code: .malformedFile,
                message: "\(path) is a pipe or a device, which cannot be read twice; name a file"
            )
        }
    }

    /// What to do about a file that is not there: the nearest names in its folder, if any are near.
    static func hint(forMissing path: String) -> String {
        let slash = path.lastIndex(of: "/")
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let folder = slash.map { String(path[...$0]) } ?? ""
        if !folder.isEmpty, !self.isGlob(folder), unsafe access(folder, F_OK) != 0 {
            return "there is no folder \(folder.dropLast()): check the path"
        }
        let names = self.matches(self.escaped(folder) + "*").map {
            String(decoding: $0.utf8.dropFirst(folder.utf8.count), as: UTF8.self)
        }
        let near = nearestNames(to: name, among: names)
        guard !names.isEmpty else { return "the folder is empty: check the path" }
        guard !near.isEmpty else {
            let shown = names.sorted().prefix(10).joined(separator: ", ")
            return "its folder holds: \(shown)" + (names.count > 10 ? ", …" : "")
        }
        return "did you mean " + near.map { "\"\(folder)\($0)\"" }.joined(separator: " or ") + "?"
    }

    private static func escaped(_ path: String) -> String {
        var result = ""
        for character in path {
            if "*?[]\\".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    private static func matches(_ pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
        var paths: [String] = []
        for index in 0..<Int(unsafe found.gl_pathc) {
            guard let path = unsafe found.gl_pathv[index] else { continue }
            unsafe paths.append(String(cString: path))
        }
        return paths
    }
}
