import Testing

@testable import FeatureServer

@Suite struct PlainRequestTests {
    private func head(_ text: String) -> PlainRequestHead? {
        PlainRequestHead(Array(text.utf8).span)
    }

    @Test(
        "The ends of plain requests are known",
        arguments: [
            ("POST /get-online-features HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n", 7, true),
            (
                "POST /get-online-features HTTP/1.1\r\nhost: a\r\ncontent-length:  7 \r\n\r\n{", 7,
                true
            ),
            (
                "POST /get-online-features HTTP/1.1\r\nHOST:a\r\nConnection: Keep-Alive\r\n"
                    + "CONTENT-LENGTH: 12\r\nX-A: b:c\r\n\r\n", 12, true
            ),
            ("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 0, false),
            (
                "POST /push?results=problems HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0,
                false
            ),
            ("POST /get-online-features HTTP/1.1\r\nHost:\r\n\r\n", 0, true),
        ]
    )
    func plain(text: String, bodyLength: Int, isOnlineFeatures: Bool) throws {
        let head = try #require(self.head(text))
        #expect(head.bodyLength == bodyLength)
        #expect(head.isOnlineFeatures == isOnlineFeatures)
        #expect(
            text.hasSuffix("{")
                ? head.length == text.utf8.count - 1
                : head.length == text.utf8.count
        )
        for count in 0..<head.length {
            #expect(PlainRequestHead(Array(text.utf8.prefix(count)).span) == nil)
        }
    }

    @Test(
        "What is not plain beyond doubt is left to the parser",
        arguments: [
            "POST /get-online-features HTTP/1.0\r\nContent-Length: 7\r\n\r\n",
            "POST /get-online-features HTTP/1.1\nContent-Length: 7\n\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: +7\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 7,7\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length : 7\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n more\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nexpect: 100-continue\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nUpgrade: h2c\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nConnection: close\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nConnection: upgrade, keep-alive\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nX: \u{1}\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\nX: é\r\n\r\n",
            "POST /push HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
            "POST  /get-online-features HTTP/1.1\r\nHost: a\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
            "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n",
            "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 9000))\r\n\r\n",
        ]
    )
    func odd(text: String) {
        #expect(self.head(text) == nil)
    }
}
