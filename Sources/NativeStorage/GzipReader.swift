import CZlib

/// Unpacks gzip (RFC 1952), also files of several members one after the other.
package enum GzipReader {
    /// All bytes that were packed.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - path: The file's path, for messages.
    /// - Returns: The members' contents, end to end.
    /// - Throws: When the bytes are no gzip, are damaged, or end too early.
    package static func decompress(
        _ bytes: Span<UInt8>,
        path: String
    ) throws(FileError) -> [UInt8] {
        // zlib remembers where its stream lies, so it may not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        // 15 bits of window; 16 more ask for gzip's header and check sum.
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else {
            throw FileError(code: .inputOutput, message: "\(path): zlib cannot start")
        }
        defer { unsafe inflateEnd(stream) }
        var output: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 18)
        var position = 0
        var isInsideMember = true
        while position < bytes.count || isInsideMember {
            let part = bytes.extracting(
                position..<min(bytes.count, position + Int(Int32.max))
            )
            let (result, read, written) = self.inflateOnce(stream, part, into: &block)
            position += read
            output.append(contentsOf: block[..<written])
            switch result {
            case Z_STREAM_END:
                isInsideMember = false
                guard position < bytes.count else { return output }
                // Some tools fill the file up with zeros after the last member.
                if self.isZeros(bytes.extracting(position...)) { return output }
                unsafe inflateReset(stream)
                isInsideMember = true
            case Z_OK where read > 0 || written > 0:
                break
            case Z_BUF_ERROR, Z_OK:
                throw FileError(
                    code: .corrupt,
                    message: "\(path): the gzip file ends too early"
                )
            default:
                throw FileError(code: .corrupt, message: "\(path): this is no intact gzip file")
            }
        }
        return output
    }

    private static func isZeros(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] != 0 {
            return false
        }
        return true
    }

    /// Lets zlib work until the input is used up or the block is full.
    @safe private static func inflateOnce(
        _ stream: UnsafeMutablePointer<z_stream>,
        _ input: Span<UInt8>,
        into block: inout [UInt8]
    ) -> (result: CInt, read: Int, written: Int) {
        unsafe input.withUnsafeBufferPointer { input in
            unsafe block.withUnsafeMutableBufferPointer { output in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(output.count)
                let result = unsafe inflate(stream, Z_NO_FLUSH)
                let read = unsafe input.count - Int(stream.pointee.avail_in)
                let written = unsafe output.count - Int(stream.pointee.avail_out)
                return (result, read, written)
            }
        }
    }
}
