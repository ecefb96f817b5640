import NativeStorage

// Arrays where the wrapper takes spans, for short tests.

extension WriteBatch {
    mutating func put(_ key: [UInt8], _ value: [UInt8]) {
        self.put(key: key.span, value: value.span)
    }

    mutating func delete(_ key: [UInt8]) {
        self.delete(key: key.span)
    }
}

extension SSTFileWriter {
    mutating func put(_ key: [UInt8], _ value: [UInt8]) throws(RocksDBError) {
        try self.put(key: key.span, value: value.span)
    }
}

extension RocksDB {
    func value(_ key: [UInt8]) throws(RocksDBError) -> [UInt8]? {
        try self.value(forKey: key.span)
    }
}

func checksum(of bytes: [UInt8]) -> UInt32 {
    checksum(bytes.span)
}
