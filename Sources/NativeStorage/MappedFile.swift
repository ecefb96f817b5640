import Glibc

/// The bytes of a file, mapped into memory for as long as the value lives.
///
/// What is no regular file, such as a pipe, is read to its end instead.
@safe
package struct MappedFile: ~Copyable {
    private let mapping: UnsafeRawBufferPointer?
    private let contents: [UInt8]

    /// Opens a file.
    package init(path: String) throws(FileError) {
        var contents: [UInt8] = []
        unsafe self.mapping = try unsafe Self.open(path, contents: &contents)
        self.contents = contents
    }

    deinit {
        if let mapping = unsafe self.mapping {
            unsafe munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count)
        }
    }

    /// Calls `body` with all bytes; they are gone when the file is.
    package borrowing func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let mapping = unsafe self.mapping else { return try body(self.contents.span) }
        let bytes = unsafe mapping.bindMemory(to: UInt8.self)
        return try body(unsafe bytes.span)
    }

    /// Calls `body` with all bytes, and with what it may call with the place up to which it has
    /// read: the memory of the pages before goes back to the system.
    ///
    /// They can still be read, from the file again.
    package borrowing func withBytesReadOnce<Result, Failure: Error>(
        _ body: (Span<UInt8>, (Int) -> Void) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let mapping = unsafe self.mapping, let base = mapping.baseAddress else {
            return try body(self.contents.span) { _ in }
        }
        let bytes = unsafe mapping.bindMemory(to: UInt8.self)
        let pageSize = sysconf(CInt(_SC_PAGESIZE))
        var released = 0
        return try body(unsafe bytes.span) { position in
            let end = min(position, bytes.count) / pageSize * pageSize
            guard released < end else { return }
            let start = unsafe UnsafeMutableRawPointer(mutating: base) + released
            // A hint only: the pages are the file's and never written, so that nothing is lost.
            _ = unsafe madvise(start, end - released, MADV_DONTNEED)
            released = end
        }
    }

    /// Maps a regular file that is not empty, or reads the contents of anything else.
    private static func open(
        _ path: String,
        contents: inout [UInt8]
    ) throws(FileError) -> UnsafeRawBufferPointer? {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw FileError(path: path, errorNumber: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            contents = try self.readAll(descriptor, path: path)
            return nil
        }
        let length = Int(status.st_size)
        guard length > 0 else { return nil }
        let mapped = unsafe mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start = unsafe mapped, unsafe start != MAP_FAILED else {
            throw FileError(path: path, errorNumber: errno)
        }
        // A hint only: reading works without it.
        _ = unsafe madvise(start, length, MADV_SEQUENTIAL)
        return unsafe UnsafeRawBufferPointer(start: start, count: length)
    }

    /// Reads what a descriptor still holds.
    package static func readAll(_ descriptor: CInt, path: String) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe block.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(path: path, errorNumber: errno)
            }
            bytes.append(contentsOf: block[..<count])
        }
    }
}
