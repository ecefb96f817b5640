import NativeStorage

extension SourceCache {
    /// A cache that will not be read again as it is.
    package struct Expired: Sendable {
        package let path: String
        package let bytes: Int
        /// Why.
        package let reason: String
        /// Whether nothing will take its place.
        package let isUseless: Bool
    }

    /// The caches whose sources are not what they were; nothing is changed.
    package func expired() -> [Expired] {
        fileNames(in: self.folder).filter { $0.hasSuffix(Self.ending) }.sorted()
            .compactMap { name in
                let path = "\(self.folder)/\(name)"
                let bytes = FileStamp(path: path)?.size ?? 0
                func expired(_ reason: String, isUseless: Bool) -> Expired {
                    Expired(path: path, bytes: bytes, reason: reason, isUseless: isUseless)
                }
                let file: CacheFile
                do throws(CacheProblem) {
                    file = try CacheFile(path: path)
                } catch {
                    return expired("it cannot be used: \(error.message)", isUseless: true)
                }
                let paths = file.stamp.files.map(\.path)
                guard let stamps = SourceStamp.stamps(of: paths) else {
                    return expired("its source is gone", isUseless: true)
                }
                guard file.stamp.isCurrent(paths: paths, stamps: stamps) == nil else { return nil }
                return expired(
                    "its source has changed since; it is made again when it is needed",
                    isUseless: false
                )
            }
    }
}
