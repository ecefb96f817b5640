import FeatureCompute
import Glibc
import NativeStorage

/// Bytes on their way into a file, which are seen under the file's name only when all are there.
struct OutputFile {
    /// What messages call the file.
    private let path: String
    /// The name that the file gets: that of the link's target where `path` is a link.
    private let finalPath: String
    /// Where the bytes go until the file is whole; `nil` for an open descriptor.
    private let temporaryPath: String?
    private let descriptor: CInt
    /// Whether the descriptor is to be closed.
    private var isOwned = true

    /// Starts a file that replaces the one at `path` when it is finished.
    ///
    /// What is there and is no regular file, such as a pipe, is written to at once. A symbolic link
    /// stays, and what it points to is replaced.
    init(path: String) throws(OfflineStoreError) {
        self.path = path
        let finalPath = try Self.target(of: path)
        self.finalPath = finalPath
        if let kind = Self.kind(of: finalPath), kind != S_IFREG {
            // A device or a pipe takes the bytes as they come.
            self.temporaryPath = nil
            self.descriptor = unsafe open(finalPath, O_WRONLY | O_CLOEXEC)
            guard self.descriptor >= 0 else { throw Self.error(path) }
            return
        }
        let temporary = "\(finalPath).tmp-\(getpid())"
        self.temporaryPath = temporary
        self.descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard self.descriptor >= 0 else { throw Self.error(path) }
    }

    /// Writes to a descriptor that is open already, and stays open.
    init(descriptor: CInt) {
        self.path = descriptor == 1 ? "standard output" : "descriptor \(descriptor)"
        self.finalPath = self.path
        self.temporaryPath = nil
        self.descriptor = descriptor
        self.isOwned = false
    }

    /// Gives the file its name; it and the bytes survive a loss of power then.
    ///
    /// After an error ``discard()`` is due.
    mutating func finish() throws(OfflineStoreError) {
        guard self.isOwned else { return }
        // A device or a pipe has nothing to keep.
        if self.temporaryPath != nil, fsync(self.descriptor) != 0 { throw Self.error(self.path) }
        self.isOwned = false
        guard close(self.descriptor) == 0 else { throw Self.error(self.path) }
        guard let temporary = self.temporaryPath else { return }
        guard unsafe rename(temporary, self.finalPath) == 0 else { throw Self.error(self.path) }
        try self.synchronizeFolder()
    }

    /// Removes what was written, after an error.
    mutating func discard() {
        if self.isOwned { close(self.descriptor) }
        self.isOwned = false
        if let temporary = self.temporaryPath { unsafe unlink(temporary) }
    }

    /// Writes bytes behind those that were written before.
    ///
    /// After an error ``discard()`` is due.
    func write(_ bytes: Span<UInt8>) throws(OfflineStoreError) {
        var start = 0
        while start < bytes.count {
            let rest = bytes.extracting(start...)
            let written = unsafe rest.withUnsafeBytes { rest in
                unsafe Glibc.write(self.descriptor, rest.baseAddress, rest.count)
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.error(self.path)
            }
            start += written
        }
        // Nobody waits for a device or a pipe at the end.
        if self.temporaryPath != nil { beginWriteback(of: self.descriptor) }
    }

    /// Makes the file's new name last.
    private func synchronizeFolder() throws(OfflineStoreError) {
        let folder = Self.folder(of: self.finalPath)
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // A folder may be written to, and not be read.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Some file systems know no such thing.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw Self.error(self.path) }
    }

    private static func error(_ path: String) -> OfflineStoreError {
        let reason = unsafe String(cString: strerror(errno))
        return OfflineStoreError(code: .inputOutput, message: "cannot write \(path): \(reason)")
    }
}

extension OutputFile {
    /// How many links in a row are followed, as in the kernel.
    private static let maximumLinks = 40

    /// Looks whether a file could be written, without writing any.
    ///
    /// - Throws: `inputOutput` when the folder is missing or refuses files, or the path is one.
    static func check(path: String) throws(OfflineStoreError) {
        let finalPath = try self.target(of: path)
        if let kind = self.kind(of: finalPath) {
            guard kind != S_IFDIR else {
                throw OfflineStoreError(
                    code: .inputOutput,
                    message: "cannot write \(path): it is a folder; name a file in it"
                )
            }
            // What is no regular file is opened, not replaced.
            if kind != S_IFREG {
                guard unsafe access(finalPath, W_OK) == 0 else { throw self.error(path) }
                return
            }
        }
        let folder = self.folder(of: finalPath)
        guard self.kind(of: folder) == S_IFDIR else {
            throw OfflineStoreError(
                code: .inputOutput,
                message: "cannot write \(path): there is no folder \(folder); make it first"
            )
        }
        guard unsafe access(folder, W_OK | X_OK) == 0 else { throw self.error(path) }
    }

    /// The path of what a chain of symbolic links ends in, whether it exists or not.
    private static func target(of path: String) throws(OfflineStoreError) -> String {
        var path = path
        for _ in 0..<self.maximumLinks {
            guard let next = self.link(at: path) else { return path }
            path = next.hasPrefix("/") ? next : "\(self.folder(of: path))/\(next)"
        }
        throw OfflineStoreError(
            code: .inputOutput,
            message: "cannot write \(path): the symbolic link leads to itself"
        )
    }

    /// What a symbolic link says; `nil` for what is none.
    private static func link(at path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe readlink(path, base, bytes.count)
        }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    /// The `S_IFMT` bits of what is there; `nil` when nothing is.
    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
