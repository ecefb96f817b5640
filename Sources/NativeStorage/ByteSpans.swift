import Glibc

/// Orders two runs of bytes as unsigned numbers, byte by byte; a prefix comes first.
///
/// - Returns: Less than, equal to or greater than zero, as `left` is to `right`.
package func compareBytes(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    let common = min(left.count, right.count)
    let order = unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right -> Int32 in
            guard common > 0, let left = left.baseAddress, let right = right.baseAddress else {
                return 0
            }
            return unsafe memcmp(left, right, common)
        }
    }
    return order != 0 ? Int(order) : left.count - right.count
}

/// Appends bytes to an array: one copy, no allocation while the capacity suffices.
package func append(_ bytes: Span<UInt8>, to array: inout [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe array.append(contentsOf: bytes)
    }
}
