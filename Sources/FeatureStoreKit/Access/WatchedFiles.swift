import NativeStorage

/// Some files, and how they were when they were looked at last.
package struct WatchedFiles: Sendable {
    private let paths: [String]
    private var stamps: [FileStamp?]

    /// The files as they are now.
    package init(_ paths: [String]) {
        self.paths = paths
        self.stamps = paths.map { FileStamp(path: $0) }
    }

    /// Whether one of them has changed since this was asked last.
    package mutating func haveChanged() -> Bool {
        let stamps = self.paths.map { FileStamp(path: $0) }
        defer { self.stamps = stamps }
        return stamps != self.stamps
    }
}
