import Glibc

/// The names in a folder, in no order; none when it cannot be read.
package func fileNames(in folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
            unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                unsafe String(cString: text)
            }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// Makes a folder, and those that it lies in.
///
/// - Throws: When it is not there afterwards.
package func makeFolder(_ path: String) throws(FileError) {
    if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    guard errno == ENOENT, !parent.isEmpty else {
        throw FileError(writing: path, errorNumber: errno)
    }
    try makeFolder(parent)
    guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else {
        throw FileError(writing: path, errorNumber: errno)
    }
}

/// Makes what was named, renamed or removed in a folder last through a loss of power.
///
/// Nothing happens where the folder cannot be read, or its file system knows no such thing.
package func synchronizeFolder(_ path: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}

/// Removes a file.
///
/// - Returns: Whether it is gone.
@discardableResult
package func removeFile(_ path: String) -> Bool {
    unsafe unlink(path) == 0 || errno == ENOENT
}

/// How many bytes the file system of a folder has left for this user; `nil` when it does not say.
package func freeBytes(in folder: String) -> Int? {
    var status = statvfs()
    guard unsafe statvfs(folder, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail)
        .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? .max : bytes
}

/// Removes a folder in which nothing is left; any other stays.
package func removeEmptyFolder(_ path: String) {
    _ = unsafe rmdir(path)
}

/// Writes bytes behind the first ones of a file, which is made when it is not there, and waits for
/// the disk.
///
/// - Parameters:
///   - bytes: The bytes.
///   - path: The file.
///   - kept: How many of its bytes stay.
/// - Throws: When it cannot be written.
package func appendDurably(
    _ bytes: [UInt8],
    to path: String,
    keeping kept: Int
) throws(FileError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(writing: path, errorNumber: errno) }
    defer { close(descriptor) }
    try writeBytes(descriptor, path: path, bytes, at: kept)
    guard ftruncate(descriptor, off_t(kept + bytes.count)) == 0, fsync(descriptor) == 0 else {
        throw FileError(writing: path, errorNumber: errno)
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    syncFolder(folder)
}

/// Makes the names in a folder last.
package func syncFolder(_ path: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}
