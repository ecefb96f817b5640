import Glibc

/// What a file system tells about a file without reading it.
package struct FileStamp: Hashable, Codable, Sendable {
    /// How many bytes it has.
    package var size: Int
    /// When its content changed last, as it says, in nanoseconds since 1970.
    package var modified: Int64
    /// When its content or anything else of it changed last, which nobody can set.
    package var changed: Int64
    /// Its number in the file system.
    package var inode: UInt64

    /// The stamp of a regular file; `nil` when there is none.
    package init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        self.size = Int(status.st_size)
        self.modified = Self.nanoseconds(status.st_mtim)
        self.changed = Self.nanoseconds(status.st_ctim)
        self.inode = UInt64(status.st_ino)
    }

    /// The time now, by the same clock.
    package static var now: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return self.nanoseconds(time)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        let (whole, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (time.tv_sec < 0 ? .min : .max) : whole &+ Int64(time.tv_nsec)
    }
}
