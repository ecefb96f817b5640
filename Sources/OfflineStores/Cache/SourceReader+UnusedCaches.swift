package import FeatureModel
import NativeStorage

extension SourceReader {
    /// The caches that no scan of some sources would read: of other sources, of files that are
    /// gone, and those that cannot be read.
    ///
    /// - Parameter sources: The sources.
    /// - Returns: The names of their files, ascending, and their sizes.
    package func unusedCaches(readBy sources: [DataSource]) -> [(name: String, bytes: Int)] {
        guard let cache = self.cache else { return [] }
        var paths: Set<String> = []
        for source in sources {
            guard case .csv(let options) = source.kind, !self.files(of: source).isEmpty else {
                continue
            }
            paths.insert(FilePattern.absolutePath(options.path, root: self.root))
        }
        var unused: [(name: String, bytes: Int)] = []
        for name in fileNames(in: cache.folder).sorted() where name.hasSuffix(SourceCache.ending) {
            let path = "\(cache.folder)/\(name)"
            if let file = try? CacheFile(path: path), paths.contains(file.summary.reading.path) {
                continue
            }
            unused.append((name, FileStamp(path: path)?.size ?? 0))
        }
        return unused
    }
}
