import CZlib

/// Unpacks gzip (RFC 1952) piece by piece, also files of several members one after the other.
@safe
final class GzipReader {
    /// How far it is.
    private enum State {
        case insideMember
        /// Behind a member: at the end, before the next one, or in zeros that fill the file up.
        case behindMember(sawZeros: Bool)
        case finished
    }

    private static let inputSize = 1 << 16

    private let path: String
    // zlib remembers where its stream lies, so it may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var state = State.insideMember
    /// Packed bytes; those in `inputRange` are still to be unpacked.
    private var input = [UInt8](repeating: 0, count: GzipReader.inputSize)
    private var inputRange = 0..<0
    private var isInputOver = false

    /// Starts with the first member of the file at `path`, which is only named in messages.
    ///
    /// - Throws: When zlib has no memory.
    init(path: String) throws(FileError) {
        self.path = path
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 bits of window; 16 more ask for gzip's header and check sum.
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else {
            unsafe stream.deallocate()
            throw FileError(code: .inputOutput, message: "\(path): zlib cannot start")
        }
        unsafe self.stream = stream
    }

    deinit {
        unsafe inflateEnd(self.stream)
        unsafe self.stream.deallocate()
    }

    /// Fills the buffer with unpacked bytes from `start` on.
    ///
    /// - Parameters:
    ///   - file: The packed file; always the same.
    ///   - buffer: What is filled.
    ///   - start: Where in the buffer.
    /// - Returns: How many bytes there were; fewer than fit only when these were the last.
    /// - Throws: When the bytes are no gzip, are damaged, or end too early.
    func read(
        _ file: inout InputFile,
        into buffer: inout [UInt8],
        from start: Int
    ) throws(FileError) -> Int {
        var end = start
        while end < buffer.count {
            if self.inputRange.isEmpty, !self.isInputOver {
                let count = try file.read(into: &self.input, from: 0)
                self.inputRange = 0..<count
                self.isInputOver = count < self.input.count
            }
            switch self.state {
            case .finished:
                return end - start
            case .behindMember(let sawZeros):
                try self.passZeros(sawZeros)
            case .insideMember:
                end += try self.unpack(into: &buffer, from: end)
            }
        }
        return end - start
    }

    /// Passes the zeros that some tools write after the last member, up to the end of the input or
    /// to the next member.
    private func passZeros(_ sawZeros: Bool) throws(FileError) {
        let zeros = self.inputRange.prefix { self.input[$0] == 0 }
        self.inputRange = zeros.endIndex..<self.inputRange.upperBound
        if !self.inputRange.isEmpty {
            guard !sawZeros, zeros.isEmpty else { throw self.notIntact }
            unsafe inflateReset(self.stream)
            self.state = .insideMember
        } else if self.isInputOver {
            self.state = .finished
        } else {
            self.state = .behindMember(sawZeros: true)
        }
    }

    /// Unpacks until the input is used up or the buffer is full.
    ///
    /// - Returns: How many bytes were written.
    private func unpack(into buffer: inout [UInt8], from start: Int) throws(FileError) -> Int {
        let (result, read, written) = self.inflateOnce(into: &buffer, from: start)
        self.inputRange = (self.inputRange.lowerBound + read)..<self.inputRange.upperBound
        switch result {
        case Z_STREAM_END:
            self.state = .behindMember(sawZeros: false)
        case Z_OK where read > 0 || written > 0:
            break
        case Z_OK, Z_BUF_ERROR:
            throw FileError(
                code: .corrupt,
                message: "\(self.path): the gzip file ends too early; copy it or pack it again"
            )
        default:
            throw self.notIntact
        }
        return written
    }

    private func inflateOnce(
        into buffer: inout [UInt8],
        from start: Int
    ) -> (result: CInt, read: Int, written: Int) {
        let stream = unsafe self.stream
        let range = self.inputRange
        let room = min(buffer.count - start, Int(Int32.max))
        return unsafe self.input.withUnsafeMutableBufferPointer { input in
            unsafe buffer.withUnsafeMutableBufferPointer { output in
                unsafe stream.pointee.next_in = input.baseAddress?.advanced(by: range.lowerBound)
                unsafe stream.pointee.avail_in = UInt32(range.count)
                unsafe stream.pointee.next_out = output.baseAddress?.advanced(by: start)
                unsafe stream.pointee.avail_out = UInt32(room)
                let result = unsafe inflate(stream, Z_NO_FLUSH)
                let read = unsafe range.count - Int(stream.pointee.avail_in)
                let written = unsafe room - Int(stream.pointee.avail_out)
                return (result, read, written)
            }
        }
    }

    private var notIntact: FileError {
        FileError(
            code: .corrupt,
            message: """
                \(self.path): this is no intact gzip file; pack it again, or let its name not end \
                in .gz
                """
        )
    }
}
