extension MutableSpan<UInt8> {
    /// Copies bytes.
    ///
    /// Up to fifteen more are copied with them where they fit; whoever fills the span from front to
    /// end writes over these.
    @inline(__always)
    mutating func copy(_ source: Span<UInt8>, _ range: Range<Int>, to position: Int) {
        precondition(
            range.upperBound <= source.count && position + range.count <= self.count,
            "there is room"
        )
        var from = range.lowerBound
        var to = position
        let blocks = (range.count &+ 15) & ~15
        if from &+ blocks <= source.count, to &+ blocks <= self.count {
            let bytes = unsafe source.bytes
            var output = unsafe self.mutableBytes
            while from < range.upperBound {
                let block = unsafe bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: from,
                    as: SIMD16<UInt8>.self
                )
                unsafe output.storeBytes(
                    of: block,
                    toUncheckedByteOffset: to,
                    as: SIMD16<UInt8>.self
                )
                from &+= 16
                to &+= 16
            }
            return
        }
        while from < range.upperBound {
            self[to] = source[from]
            from &+= 1
            to &+= 1
        }
    }
}
