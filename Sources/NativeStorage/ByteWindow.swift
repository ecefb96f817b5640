import Glibc

/// A piece of a file's bytes, which moves from the file's front to its end.
///
/// Files whose name ends in `.gz` are unpacked on the way. Memory is that of the window, however
/// long the file is.
package struct ByteWindow: ~Copyable {
    private var file: InputFile
    /// What unpacks the file; `nil` for a file that is not packed.
    private let gzip: GzipReader?
    private var buffer: [UInt8]
    /// How many bytes of the buffer are the window.
    private var count = 0
    /// Whether the window reaches to the end of the file.
    package private(set) var isLast = false
    /// Which part of the file lies before the window, and before the window's end.
    private var fractions: (start: Double, end: Double)? = (0, 0)

    /// Opens a file and reads the first window.
    ///
    /// - Parameters:
    ///   - path: Where the file is.
    ///   - size: How many bytes the window has at first; at least one.
    ///   - unpacks: Whether a file whose name ends in `.gz` is unpacked.
    /// - Throws: When the file cannot be read or unpacked.
    package init(path: String, size: Int, unpacks: Bool = true) throws(FileError) {
        try self.init(
            InputFile(path: path),
            gzip: unpacks && path.hasSuffix(".gz") ? GzipReader(path: path) : nil,
            size: size
        )
    }

    /// Reads from a descriptor that is open already, and stays open.
    ///
    /// - Parameters:
    ///   - descriptor: What to read.
    ///   - name: What messages call it.
    ///   - size: How many bytes the window has at first; at least one.
    /// - Throws: When it cannot be read.
    package init(descriptor: CInt, name: String, size: Int) throws(FileError) {
        try self.init(InputFile(descriptor: descriptor, name: name), gzip: nil, size: size)
    }

    private init(
        _ file: consuming InputFile,
        gzip: GzipReader?,
        size: Int
    ) throws(FileError) {
        precondition(size > 0, "a window has room for a byte")
        // A byte more than the file has, so that the first window is seen to be the last.
        let most = gzip == nil ? file.size.map { $0 + 1 } : nil
        self.file = file
        self.gzip = gzip
        self.buffer = [UInt8](repeating: 0, count: min(size, most ?? size))
        try self.fill()
    }

    /// The bytes.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { self.buffer.span.extracting(0..<self.count) }
    }

    /// Moves the window forward, so that it begins with its byte `position`, and fills it up.
    ///
    /// A window that is full and cannot move, because `position` is 0, becomes twice as large.
    package mutating func advance(to position: Int) throws(FileError) {
        precondition(0...self.count ~= position, "a window moves within itself")
        let rest = self.count - position
        if position > 0, rest > 0 {
            unsafe self.buffer.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                _ = unsafe memmove(base, base + position, rest)
            }
        }
        self.moveFractions(to: position)
        self.count = rest
        if rest == self.buffer.count {
            self.buffer.append(contentsOf: repeatElement(0, count: rest))
        }
        try self.fill()
    }

    /// Gives the window's bytes away, and moves it forward to go on in another buffer.
    ///
    /// - Parameters:
    ///   - position: The byte of the window that it begins with then; not the first.
    ///   - spare: A buffer that nobody needs any more, of any size.
    /// - Returns: The buffer, whose first bytes are those of the window.
    /// - Throws: When the file cannot be read or unpacked.
    package mutating func advance(
        to position: Int,
        in spare: consuming [UInt8]
    ) throws(FileError) -> [UInt8] {
        precondition(position > 0 && position <= self.count, "a window moves within itself")
        let size = self.buffer.count
        if spare.count < size { spare = [UInt8](repeating: 0, count: size) }
        if spare.count > size { spare.removeLast(spare.count - size) }
        let rest = position..<self.count
        spare.replaceSubrange(0..<rest.count, with: self.buffer[rest])
        swap(&self.buffer, &spare)
        self.moveFractions(to: position)
        self.count = rest.count
        if !self.isLast { try self.fill() }
        return spare
    }

    /// Moves the window to another place of a file that is not unpacked.
    ///
    /// - Parameter offset: Where it begins then, not behind the end of the file.
    /// - Throws: When the file cannot be read there.
    package mutating func skip(to offset: Int) throws(FileError) {
        precondition(self.gzip == nil, "a packed file has no other places")
        try self.file.skip(to: offset)
        self.count = 0
        self.isLast = false
        self.fractions = self.file.fraction.map { ($0, $0) }
        try self.fill()
    }

    /// Makes the window as large as what is left of the file.
    package mutating func takeRest() throws(FileError) {
        while !self.isLast {
            try self.advance(to: 0)
        }
    }

    /// Which part of the file lies before a byte of the window, from 0 to 1; `nil` when the file's
    /// size is not known.
    ///
    /// Of a packed file it is the part of the packed bytes, nearly.
    package func fraction(at position: Int) -> Double? {
        guard let (start, end) = self.fractions else { return nil }
        return start + (end - start) * Double(position) / Double(max(1, self.count))
    }

    private mutating func moveFractions(to position: Int) {
        if let (start, end) = self.fractions, self.count > 0 {
            let moved = Double(position) / Double(self.count)
            self.fractions = (start + (end - start) * moved, end)
        }
    }

    private mutating func fill() throws(FileError) {
        let room = self.buffer.count - self.count
        let read: Int
        if let gzip = self.gzip {
            read = try gzip.read(&self.file, into: &self.buffer, from: self.count)
        } else {
            read = try self.file.read(into: &self.buffer, from: self.count)
        }
        self.count += read
        if read < room { self.isLast = true }
        let end = self.file.fraction
        self.fractions = self.fractions.flatMap { before in end.map { (before.start, $0) } }
    }
}
