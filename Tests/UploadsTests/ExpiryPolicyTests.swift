import Testing
import Uploads

@Suite struct ExpiryPolicyTests {
    private static let last = UploadLimits.secondsRange.upperBound

    @Test(
        arguments: [(60, 1000, 1060), (1, .max - 1, last), (2, .max - 1, last), (60, last, last), (1, -1000, 0)]
            as [(Int64, Int64, Int64)])
    func `an upload expires so long after its last append, at the end of time at most`(
        idle: Int64, now: Int64, expires: Int64
    ) {
        #expect(ExpiryPolicy(idleSeconds: idle).expiresSeconds(nowSeconds: now) == expires)
    }

    @Test func `never is never`() {
        #expect(ExpiryPolicy.never.expiresSeconds(nowSeconds: 1000) == nil)
    }

    @Test(arguments: [(Int64?(1000), Int64(999), false), (1000, 1000, true), (1000, 1001, true), (nil, .max, false)])
    func `an upload is expired from its second on`(expires: Int64?, now: Int64, isExpired: Bool) {
        let upload = Upload(
            id: UploadID(high: 1, low: 2), dialect: .tus, length: 1, name: .fallback, createdSeconds: 0,
            expiresSeconds: expires)
        #expect(upload.isExpired(nowSeconds: now) == isExpired)
    }
}
