import Glibc

// SQLite locks ranges of its files with POSIX locks: of a database in WAL mode the writer holds the
// byte 120 of the file "-shm", of any other bytes from 0x40000000 on of the database itself. Linux
// lists all locks in /proc/locks, a line each:
//
//   1: POSIX  ADVISORY  WRITE 4711 08:01:131074 120 120
//
// Opening the file to ask for its locks would be wrong: closing it again would give back those that
// this process has.

/// The process that writes an SQLite database now, or holds it for itself.
///
/// - Parameter path: The database.
/// - Returns: `nil` when nobody does any more, or the system does not say who.
func databaseWriter(ofDatabaseAt path: String) -> FileLockHolder? {
    let files = [path, path + "-shm"].compactMap(FileIdentity.init)
    guard !files.isEmpty, let locks = textOfSystemFile("/proc/locks") else { return nil }
    for line in locks.split(separator: "\n") {
        // A waiting lock has an arrow after its number.
        let words = line.split(separator: " ")
        guard words.count >= 6, words[1] == "POSIX" || words[1] == "OFDLCK", words[3] == "WRITE",
            let processID = Int32(words[4]), processID > 0,
            files.contains(where: { $0.isNamed(words[5]) })
        else { continue }
        return FileLockHolder(processID: processID, command: commandLine(ofProcess: processID))
    }
    return nil
}

/// The command line of a process, with blanks between the arguments; empty when it has ended.
private func commandLine(ofProcess processID: Int32) -> String {
    guard let text = textOfSystemFile("/proc/\(processID)/cmdline") else { return "" }
    return text.split(separator: "\0").joined(separator: " ")
}

/// What the system calls a file, apart from its path.
private struct FileIdentity {
    private let device: dev_t
    private let inode: ino_t

    init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.device = status.st_dev
        self.inode = status.st_ino
    }

    /// Whether `major:minor:inode`, the device in hexadecimal, is the file.
    func isNamed(_ name: Substring) -> Bool {
        let parts = name.split(separator: ":")
        guard parts.count == 3, let major = UInt64(parts[0], radix: 16),
            let minor = UInt64(parts[1], radix: 16), let inode = UInt64(parts[2])
        else { return false }
        let device = UInt64(self.device)
        // As glibc's gnu_dev_major and gnu_dev_minor.
        let ownMajor = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
        let ownMinor = device & 0xFF | (device >> 12) & ~0xFF
        return inode == UInt64(self.inode) && major == ownMajor && minor == ownMinor
    }
}

/// A file whose size the system does not know before it is read.
private func textOfSystemFile(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while true {
        let count = unsafe piece.withUnsafeMutableBytes { buffer in
            unsafe read(descriptor, buffer.baseAddress, buffer.count)
        }
        guard count > 0 else { break }
        text += piece[..<count]
    }
    return String(decoding: text, as: UTF8.self)
}
