import Glibc

/// Folders with all that is in them: copied, made durable, removed.
package enum FileTree {
    private static let pieceBytes = 1 << 20

    /// The regular files below a folder, as paths relative to it, in the order of their bytes.
    ///
    /// - Throws: When a folder cannot be read, or something in it is neither file nor folder.
    package static func files(in folder: String) throws(FileError) -> [String] {
        var found: [String] = []
        try self.collect(folder, prefix: "", into: &found)
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func collect(
        _ folder: String,
        prefix: String,
        into found: inout [String]
    ) throws(FileError) {
        guard unsafe access(folder, R_OK | X_OK) == 0 else {
            throw FileError(path: folder, errorNumber: errno)
        }
        for name in fileNames(in: folder) {
            let path = "\(folder)/\(name)"
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else {
                throw FileError(path: path, errorNumber: errno)
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG: found.append(prefix + name)
            case S_IFDIR: try self.collect(path, prefix: "\(prefix)\(name)/", into: &found)
            default:
                throw FileError(
                    code: .inputOutput,
                    message: "\(path) is neither a file nor a folder"
                )
            }
        }
    }

    /// Copies a file into a new one, and makes its bytes durable.
    ///
    /// - Parameters:
    ///   - source: The file.
    ///   - target: Where the copy goes; its folder is there, and no file of that name.
    ///   - visit: Gets the bytes, piece by piece.
    /// - Returns: How many bytes there were.
    /// - Throws: When either file fails; a part of the copy may be left then.
    @discardableResult
    package static func copy(
        _ source: String,
        to target: String,
        visit: (Span<UInt8>) -> Void = { _ in }
    ) throws(FileError) -> Int {
        let output = unsafe open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw FileError(writing: target, errorNumber: errno) }
        defer { close(output) }
        let size = try self.read(source) { (piece) throws(FileError) in
            visit(piece)
            try self.write(piece, to: output, path: target)
        }
        guard fsync(output) == 0 else { throw FileError(writing: target, errorNumber: errno) }
        return size
    }

    /// Calls `body` with the bytes of a file, piece by piece.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package static func read(
        _ path: String,
        _ body: (Span<UInt8>) throws(FileError) -> Void
    ) throws(FileError) -> Int {
        let file = try StoredFile(path: path)
        var buffer: [UInt8] = []
        var done = 0
        while done < file.size {
            let count = min(Self.pieceBytes, file.size - done)
            try file.read(at: done, count: count, into: &buffer)
            try body(buffer.span.extracting(0..<count))
            done += count
        }
        return done
    }

    private static func write(
        _ bytes: Span<UInt8>,
        to descriptor: CInt,
        path: String
    ) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    buffer.count - done
                )
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw FileError(writing: path, errorNumber: errno)
            }
            done += written
        }
    }

    /// Writes a new file, or replaces what is there, durably: it is there as a whole or as it was.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let aside = "\(path).new"
        removeFile(aside)
        let output = unsafe open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw FileError(writing: aside, errorNumber: errno) }
        defer { close(output) }
        try self.write(bytes.span, to: output, path: aside)
        guard fsync(output) == 0 else { throw FileError(writing: aside, errorNumber: errno) }
        try self.rename(aside, to: path)
    }

    /// Gives another path to a file or folder, in place of a file or an empty folder there, and
    /// makes that durable.
    package static func rename(_ source: String, to target: String) throws(FileError) {
        guard unsafe Glibc.rename(source, target) == 0 else {
            throw FileError(writing: target, errorNumber: errno)
        }
        try self.syncFolder(self.parent(of: target))
        try self.syncFolder(self.parent(of: source))
    }

    /// Gives a second name to a file; where the file system cannot, it is copied.
    package static func link(_ source: String, to target: String) throws(FileError) {
        if unsafe Glibc.link(source, target) == 0 { return }
        try self.copy(source, to: target)
    }

    /// Makes the names in a folder durable, and those in all folders below it.
    package static func syncFolders(below folder: String) throws(FileError) {
        for name in fileNames(in: folder) where self.isFolder("\(folder)/\(name)") {
            try self.syncFolders(below: "\(folder)/\(name)")
        }
        try self.syncFolder(folder)
    }

    /// Makes the names in a folder durable.
    package static func syncFolder(_ folder: String) throws(FileError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: folder, errorNumber: errno) }
        defer { close(descriptor) }
        // Some file systems cannot, and need not.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw FileError(writing: folder, errorNumber: errno)
        }
    }

    /// Removes a file, or a folder with all that is in it; links are removed, and not followed.
    ///
    /// - Returns: Whether nothing is left.
    @discardableResult
    package static func remove(_ path: String) -> Bool {
        guard self.isFolder(path) else { return removeFile(path) }
        for name in fileNames(in: path) {
            self.remove("\(path)/\(name)")
        }
        return unsafe rmdir(path) == 0
    }

    /// Whether there is a folder, and no link to one.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether there is anything of that name, also a link that leads nowhere.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// A path from the root; a relative one begins where the process was started.
    package static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(current) }
        return unsafe "\(String(cString: current))/\(path)"
    }

    /// The folder that something lies in.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
